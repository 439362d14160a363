"""What CI services are told to run: the checks, and the DAG tests shared between two machines.

Package caches, worker environments and parsed facts are kept between runs.
"""

from __future__ import annotations

from enum import Enum


class CiService(Enum):
    """Who runs it."""

    GITHUB = "github"
    GITLAB = "gitlab"


_GITHUB_STEPS = """\
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.10"
      - uses: actions/cache@v4
        with:
          path: |
            ~/.cache/uv
            .mwaa/cache
            .mwaa/envs
          key: mwaa-${{ runner.os }}-${{ hashFiles(@files@) }}
          restore-keys: mwaa-${{ runner.os }}-
      - run: pip install mwaa-harness
"""
_GITHUB = """\
name: mwaa
on: [push, pull_request]
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
@steps@
      - run: mwaa-harness check --format github
  test-dags:
    needs: check
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        shard: ["1/2", "2/2"]
    steps:
@steps@
      - run: mwaa-harness test-dags --shard ${{ matrix.shard }} --junitxml=dag-tests.xml
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: dag-tests-${{ strategy.job-index }}
          path: dag-tests.xml
"""
_GITLAB = """\
.mwaa:
  image: python:3.10
  variables:
    PIP_CACHE_DIR: $CI_PROJECT_DIR/.cache/pip
    UV_CACHE_DIR: $CI_PROJECT_DIR/.cache/uv
  cache:
    key:
      files: [@files@]
      prefix: mwaa
    paths: [.cache/pip, .cache/uv, .mwaa/cache, .mwaa/envs]
  before_script:
    - pip install mwaa-harness

mwaa-check:
  extends: .mwaa
  stage: test
  script:
    - mwaa-harness check --format gitlab > mwaa-check.json
  artifacts:
    when: always
    reports:
      codequality: mwaa-check.json

mwaa-test-dags:
  extends: .mwaa
  stage: test
  parallel: 2
  script:
    - mwaa-harness test-dags --shard $CI_NODE_INDEX/$CI_NODE_TOTAL --junitxml=dag-tests.xml
  artifacts:
    when: always
    reports:
      junit: dag-tests.xml
"""


def render_ci_file(service: CiService, requirements_file: str | None) -> str:
    """The text of the service's file.

    Args:
        service: who runs it.
        requirements_file: the repository's, when it has one.
    """
    made_from = ["mwaa.toml", *([requirements_file] if requirements_file else [])]
    if service is CiService.GITHUB:
        text = _GITHUB.replace("@steps@\n", _GITHUB_STEPS)
        return text.replace("@files@", ", ".join(f"'{name}'" for name in made_from))
    return _GITLAB.replace("@files@", ", ".join(made_from))
