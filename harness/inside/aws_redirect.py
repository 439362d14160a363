"""Sends AWS calls of the worker environment to the local endpoint, and lets none reach AWS by accident.

Installed into the worker environment's site-packages with a `.pth` file, so it runs at the start of every
interpreter: it only puts an import hook in place and costs nothing until botocore is imported. What it gives:

- today's botocore semantics for versions that predate them: `AWS_ENDPOINT_URL`,
  `AWS_ENDPOINT_URL_<SERVICE_ID>` and `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`; an `endpoint_url` given in code
  wins;
- where `MWAA_HARNESS_EMULATED_SERVICES` is set: a service outside that list is refused, and so is every
  request whose host belongs to AWS, whatever led there;
- a service listed in `MWAA_HARNESS_PASSTHROUGH` goes to AWS with the user's own credentials, which arrive
  under names of their own (`MWAA_HARNESS_HOST_AWS_...`).

Nothing is imported at the top beyond what an interpreter has loaded anyway.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # importing typing would cost more than all the rest
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from typing import Any

EMULATED = "MWAA_HARNESS_EMULATED_SERVICES"
PASSTHROUGH = "MWAA_HARNESS_PASSTHROUGH"
HOST = "MWAA_HARNESS_HOST_"

AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".aws")
METADATA_HOSTS = frozenset(
    {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"}
)
ADVICE = (
    "nothing in a local environment calls real AWS unless mwaa.toml says so: "
    '[local] passthrough = ["%s"] lets the service through with your own credentials'
)

_allowed_hosts: set[str] = set()


def is_aws_host(host: str) -> bool:
    """Whether `host` belongs to AWS or hands out an instance's credentials."""
    name = host.strip("[]").rstrip(".").lower()
    return name in METADATA_HOSTS or name.endswith(AWS_DOMAINS)


def is_passed_through(service: str) -> bool:
    """Whether the user lets calls of `service` (botocore's name) reach AWS."""
    return service in _listed(PASSTHROUGH)


def is_guarded() -> bool:
    """Whether this process lives in an emulated environment."""
    return EMULATED in os.environ


def configured_endpoint(variable: str) -> str | None:
    """The endpoint that botocore 1.31 and later finds, when `variable` is the service's own."""
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return os.environ.get(variable) or os.environ.get("AWS_ENDPOINT_URL") or None


def _listed(variable: str) -> set[str]:
    return {name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()}


# --- botocore.args: every client of boto3, botocore and Airflow's hooks is made here


def patch_args(module: Any) -> None:
    """Choose the endpoint, and the credentials of services let through, when a client is made."""
    creator = getattr(module, "AioClientArgsCreator", None) or module.ClientArgsCreator
    original = creator.get_client_args
    import inspect

    signature = inspect.signature(original)

    def get_client_args(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(self, *args, **kwargs)
        route = _choose_route(self, bound.arguments)
        client_args = original(*bound.args, **bound.kwargs)
        if inspect.isawaitable(client_args):
            return _watch_later(client_args, route)
        return _watch(client_args, route)

    creator.get_client_args = get_client_args


class _Route:
    """Where the calls of one client go."""

    def __init__(self, service: str, *, refused: bool, free: bool) -> None:
        self.service = service
        self.refused = refused
        self.free = free

    def before_call(self, model: Any, **_: Any) -> None:
        if self.refused:
            raise _refusal(service=self.service, operation=model.name)

    def before_send(self, request: Any, event_name: str = "", **_: Any) -> None:
        host = _host_of(request.url)
        if self.free:
            request.mwaa_harness_free = True
            _allowed_hosts.add(host.lower())
        elif is_guarded() and is_aws_host(host):
            raise _refusal(service=self.service, operation=event_name.rpartition(".")[2], host=host)


def _choose_route(creator: Any, arguments: dict[str, Any]) -> _Route:
    model = arguments["service_model"]
    service, config = model.service_name, arguments.get("client_config")
    explicit = arguments.get("endpoint_url") is not None
    if getattr(creator._config_store, "mwaa_harness_host", False):  # noqa: SLF001 -- the user's own sign-in
        _ignore_configured(arguments)
        return _Route(service, refused=False, free=True)
    if is_guarded() and is_passed_through(service):
        if not explicit:
            _ignore_configured(arguments)
        _use_host_credentials(arguments)
        return _Route(service, refused=False, free=True)
    variable = "AWS_ENDPOINT_URL_" + model.service_id.hyphenize().replace("-", "_").upper()
    if not explicit and not getattr(config, "ignore_configured_endpoint_urls", None):
        arguments["endpoint_url"] = configured_endpoint(variable)
        if service == "s3" and arguments["endpoint_url"]:
            arguments["client_config"] = _with_path_style(config)
    own = explicit or bool(os.environ.get(variable))
    refused = is_guarded() and not own and service not in _listed(EMULATED)
    return _Route(service, refused=refused, free=False)


def _watch(client_args: dict[str, Any], route: _Route) -> dict[str, Any]:
    emitter = client_args["event_emitter"]
    emitter.register_first("before-call", route.before_call)
    emitter.register_first("before-send", route.before_send)
    return client_args


async def _watch_later(client_args: Any, route: _Route) -> dict[str, Any]:
    return _watch(await client_args, route)


def _with_path_style(config: Any) -> Any:
    """Buckets as part of the path: no name server knows `bucket.127.0.0.1`."""
    from botocore.config import Config

    given = getattr(config, "s3", None) or {}
    path_style = Config(s3={**given, "addressing_style": "path", "use_accelerate_endpoint": False})
    return path_style if config is None else config.merge(path_style)


def _ignore_configured(arguments: dict[str, Any]) -> None:
    """Keep a botocore that reads AWS_ENDPOINT_URL by itself from doing so."""
    from botocore.config import Config

    if "ignore_configured_endpoint_urls" in Config.OPTION_DEFAULTS:
        ignoring, config = Config(ignore_configured_endpoint_urls=True), arguments.get("client_config")
        arguments["client_config"] = ignoring if config is None else config.merge(ignoring)


# --- the user's own credentials, for services let through


def _use_host_credentials(arguments: dict[str, Any]) -> None:
    credentials = arguments.get("credentials")
    dummy = os.environ.get("AWS_ACCESS_KEY_ID")
    if credentials is not None and getattr(credentials, "access_key", None) == dummy:
        arguments["credentials"] = host_credentials()


def host_credentials() -> Any:
    """Credentials from the user's shell or `~/.aws`, None when there are none."""
    from botocore.credentials import Credentials
    from botocore.exceptions import ProfileNotFound
    from botocore.session import Session

    given = {name[len(HOST) :]: value for name, value in os.environ.items() if name.startswith(HOST)}
    if "AWS_ACCESS_KEY_ID" in given:
        return Credentials(
            given["AWS_ACCESS_KEY_ID"], given.get("AWS_SECRET_ACCESS_KEY"), given.get("AWS_SESSION_TOKEN")
        )
    session = Session()
    session.set_config_variable("profile", given.get("AWS_PROFILE", "default"))
    session.set_config_variable("config_file", given.get("AWS_CONFIG_FILE", os.devnull))
    session.set_config_variable("credentials_file", given.get("AWS_SHARED_CREDENTIALS_FILE", os.devnull))
    session.get_component("config_store").mwaa_harness_host = True
    try:
        return session.get_credentials()
    except ProfileNotFound:
        return None


# --- what is sent


def patch_http_session(module: Any) -> None:
    """Refuse what reaches botocore's HTTP layer on other ways, such as the instance metadata service."""
    session = getattr(module, "AIOHTTPSession", None) or module.URLLib3Session
    original = session.send

    def send(self: Any, request: Any) -> Any:
        host = _host_of(request.url)
        if is_guarded() and is_aws_host(host) and not getattr(request, "mwaa_harness_free", False):
            raise _refusal(host=host)
        return original(self, request)

    session.send = send


def patch_socket(module: Any) -> None:
    """Refuse to look up AWS's names for HTTP libraries that do not come through botocore."""
    original = module.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_name(host, module.gaierror, module.EAI_FAIL)
        return original(host, *args, **kwargs)

    module.getaddrinfo = getaddrinfo


def patch_http_client(module: Any) -> None:
    """The same for requests that a proxy resolves."""
    original = module.HTTPConnection.set_tunnel

    def set_tunnel(self: Any, host: str, *args: Any, **kwargs: Any) -> Any:
        _refuse_name(host.partition(":")[0], ConnectionRefusedError, 111)
        return original(self, host, *args, **kwargs)

    module.HTTPConnection.set_tunnel = set_tunnel


def _refuse_name(host: Any, error: type[OSError], number: int) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if not isinstance(name, str) or not is_guarded() or not is_aws_host(name):
        return
    labels = name.lower().split(".")
    if name.lower() not in _allowed_hosts and not _listed(PASSTHROUGH).intersection(labels):
        raise error(number, f"{name} belongs to AWS; {ADVICE % '<service>'}")


def _host_of(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""


def patch_exceptions(module: Any) -> None:
    """Define our errors: of classes that `except BotoCoreError` catches and that nobody retries."""
    bases = {
        "ServiceNotEmulatedError": (module.BotoCoreError, "{text}"),
        "AwsHostRefusedError": (module.BotoCoreError, "{text}"),
        "MetadataRefusedError": (
            module.EndpointConnectionError,
            "{endpoint_url} hands out credentials of AWS and is refused in a local environment",
        ),
    }
    for name, (base, text) in bases.items():
        globals()[name] = type(name, (base,), {"fmt": text, "__module__": __name__})


def _refusal(service: str | None = None, operation: str | None = None, host: str | None = None) -> Exception:
    import botocore.exceptions  # noqa: F401 -- defines the classes below

    errors = globals()
    if host in METADATA_HOSTS:
        return errors["MetadataRefusedError"](endpoint_url=host)
    advice = ADVICE % (service or "<service>")
    if host is None:
        text = f"AWS service '{service}' (operation {operation}) is not emulated here; {advice}"
        return errors["ServiceNotEmulatedError"](text=text)
    call = f" (service '{service}', operation {operation})" if service else ""
    return errors["AwsHostRefusedError"](text=f"the request to {host}{call} is refused; {advice}")


# --- the import hook

PATCHES = {
    "botocore.exceptions": patch_exceptions,
    "botocore.args": patch_args,
    "botocore.httpsession": patch_http_session,
    "aiobotocore.args": patch_args,
    "aiobotocore.httpsession": patch_http_session,
    "socket": patch_socket,
    "http.client": patch_http_client,
}


class PatchingFinder:
    """Finds the modules of `PATCHES` as the other finders do and patches each once it has run."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        patch = PATCHES.get(name)
        if patch is None:
            return None
        for finder in sys.meta_path:
            if finder is PatchingFinder or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                _patch_after(spec.loader, patch)
                return spec
        return None


def _patch_after(loader: Any, patch: Any) -> None:
    execute = loader.exec_module

    def exec_module(module: Any) -> None:
        execute(module)
        patch(module)

    loader.exec_module = exec_module


def install() -> None:
    """Put the hook in place; modules loaded earlier are patched now."""
    sys.meta_path.insert(0, PatchingFinder)
    for name, patch in PATCHES.items():
        if name in sys.modules:
            patch(sys.modules[name])


if EMULATED in os.environ or "AWS_ENDPOINT_URL" in os.environ:
    install()
