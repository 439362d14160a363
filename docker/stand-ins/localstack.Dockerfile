# Stands in for localstack/localstack:4.7.0: LocalStack from PyPI, as locked, on Debian's own CPython 3.11.
# The build sees the lock, uv, and the harness's way to compile modules; see harness/images/stand_ins.py.
ARG SYSTEM_IMAGE
FROM ${SYSTEM_IMAGE}
ENV LANG=C.UTF-8 PATH=/opt/localstack/bin:/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin \
    OVERRIDE_IN_DOCKER=1 GATEWAY_LISTEN=0.0.0.0:4566 PYTHONUNBUFFERED=1 SKIP_SSL_CERT_DOWNLOAD=1 \
    DISABLE_EVENTS=1 DNS_ADDRESS=0
RUN --mount=type=secret,id=package-settings --mount=type=secret,id=certificates --mount=type=secret,id=netrc \
    --mount=type=bind,target=/build --mount=type=cache,id=mwaa-uv,target=/var/cache/uv \
    export UV_CACHE_DIR=/var/cache/uv UV_LINK_MODE=copy UV_NO_PROGRESS=1 \
 && /build/uv venv --quiet --no-project --python /usr/bin/python3.11 /opt/localstack \
 && /build/with-package-settings /build/uv pip sync --quiet --python /opt/localstack/bin/python /build/localstack.txt \
 && cd /build/code && python3.11 -B -c 'import os, pathlib; from harness.workerenv.bytecode import compile_bytecode; \
compile_bytecode(pathlib.Path("/opt/localstack"), os.environ)'
# The index of AWS services takes two seconds to build: it is built once, here.
RUN mkdir -p /var/lib/localstack /usr/lib/localstack /tmp/localstack /etc/localstack/init/boot.d \
      /etc/localstack/init/start.d /etc/localstack/init/ready.d /etc/localstack/init/shutdown.d \
 && /opt/localstack/bin/python -c 'from localstack import config; config.dirs.mkdirs(); \
from localstack.aws.spec import get_service_catalog; get_service_catalog()'
ENV PYTHONDONTWRITEBYTECODE=1
EXPOSE 4566
VOLUME /var/lib/localstack
ENTRYPOINT ["/opt/localstack/bin/python", "-m", "localstack.runtime.main"]
