"""Glue for Muster plugins in Python 3: copy it and muster.binpb beside your plugin.

A plugin derives from Plugin, has one method for each extension point that it
serves, by the point's name in config.hcl, and ends with serve(MyPlugin()). Methods
take the request message and the Call, and return the response message, or None for
no answer (of a decision: yes). They run on several threads at once. Log with the
module logging: its lines reach the server's log.
"""

import base64
import collections
import concurrent.futures
import datetime
import importlib.metadata
import json
import logging
import os
import signal
import stat
import sys
import tempfile
import threading
import time
import traceback
import types

import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf import symbol_database
from google.protobuf import struct_pb2  # noqa: F401 - muster.binpb builds on it

VERSION = 1  # of the protocol between Muster and its plugins
COOKIE = ("MUSTER_PLUGIN", "d2b1e6f0c4a94d6f8a53")
THREADS = 16
MAX_TEXT = 4 << 10

_pool = descriptor_pool.Default()


def _class(name):
    descriptor = _pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return symbol_database.Default().GetPrototype(descriptor)  # protobuf 3


def _load():
    """Makes classes of all messages, and finds the services of the points."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "muster.binpb"), "rb") as f:
        files = descriptor_pb2.FileDescriptorSet.FromString(f.read()).file
    for file in files:
        _pool.AddSerializedFile(file.SerializeToString())
    # google.rpc.Status, which carries what a refusal says. Only its fields count on
    # the wire; under this name it does not get in the way of googleapis-common-protos.
    rpc = descriptor_pb2.FileDescriptorProto(
        name="muster/python/status.proto", package="muster.python", syntax="proto3", dependency=["google/protobuf/any.proto"])
    fields = rpc.message_type.add(name="Status").field
    fields.add(name="code", number=1, type=5, label=1)
    fields.add(name="message", number=2, type=9, label=1)
    fields.add(name="details", number=3, type=11, label=3, type_name=".google.protobuf.Any")
    _pool.AddSerializedFile(rpc.SerializeToString())

    names, points = types.SimpleNamespace(), {}
    for file in files:
        for message in file.message_type:
            setattr(names, message.name, _class(file.package + "." + message.name))
    options, extension = _class("google.protobuf.ServiceOptions"), _pool.FindExtensionByName("muster.v1.point")
    for file in files:
        for service in file.service:
            point = options.FromString(service.options.SerializeToString()).Extensions[extension]
            if point.name:
                points[point.name] = _pool.FindServiceByName(file.package + "." + service.name)
    return names, points


# messages has a class for every message of package muster.v1: messages.Payload(…).
messages, _points = _load()
_Status = _class("muster.python.Status")

# Call says for which game, and for which hook of its config, a method is called.
Call = collections.namedtuple("Call", "game hook")


class Refuse(Exception):
    """A "no" that players are shown; player_reasons are for single ones, by account id."""

    def __init__(self, reason, player_reasons=None, invalid=False):
        super().__init__(reason)
        reasons = {_text(k): _text(v) for k, v in (player_reasons or {}).items()}
        self.refusal = messages.Refusal(reason=_text(reason), player_reasons=reasons, invalid=invalid)


class Unreachable(Exception):
    """A service that the hook needs does not answer."""


class UnknownRpc(Exception):
    """There is no rpc of the asked name."""


class BadSetting(Exception):
    """Raised by start: what is wrong with a setting, as in "is not a URL"."""

    def __init__(self, name, problem):
        super().__init__("the setting %s %s" % (name, problem))
        self.bad = messages.BadSetting(name=name, problem=_text(problem))


def setting(name, type="string", doc="", **more):
    """An attribute of the config block: see the message Setting for type, required,
    default, secret and one_of."""
    out = messages.Setting(name=name, type=type, doc=doc)
    json_format.ParseDict(more, out)
    return out


class Plugin:
    """What a plugin is; the subclass says it."""

    name, version, doc = "", "devel", ""
    settings = ()  # of setting(…)
    rpc_names = ()

    def start(self, settings):
        """Is given the settings as a dict, before the first call."""

    def stop(self):
        """Is called after the last."""


class _Service:
    """Answers Muster's calls of one plugin."""

    def __init__(self, plugin):
        self.plugin, self.lock, self.used, self.ready = plugin, threading.Lock(), False, False
        self.points = sorted(p for p in _points if callable(getattr(plugin, p, None)))

    def describe(self, _request, _context):
        p = self.plugin
        return messages.DescribeResponse(
            name=p.name, version=p.version, doc=p.doc, points=self.points, settings=p.settings, rpc_names=p.rpc_names)

    def configure(self, request, context):
        with self.lock:
            if self.used:
                _fail(context, grpc.StatusCode.ALREADY_EXISTS, "the plugin is configured already")
            self.used = True
            self.guard(context, lambda: self.plugin.start(json_format.MessageToDict(request.settings)))
            self.ready = True
        return messages.ConfigureResponse()

    def stop(self, _request, context):
        with self.lock:
            was, self.ready = self.ready, False
            if was:
                self.guard(context, self.plugin.stop)
        return messages.StopResponse()

    def guard(self, context, do):
        """Turns what do raises into a gRPC status."""
        code = grpc.StatusCode
        try:
            return do()
        except Refuse as e:
            said = code.FAILED_PRECONDITION, str(e), e.refusal
        except BadSetting as e:
            said = code.INVALID_ARGUMENT, str(e), e.bad
        except Unreachable as e:
            said = code.UNAVAILABLE, "unreachable: %s" % e, messages.Outage(cause=_text(e))
        except UnknownRpc as e:
            said = code.NOT_FOUND, str(e) or "no rpc of that name", None
        except Exception as e:
            logging.getLogger(self.plugin.name).debug("a call failed", exc_info=True)
            said = code.UNKNOWN, "%s: %s" % (type(e).__name__, e), None
        _fail(context, *said)

    def handlers(self):
        plugin = _pool.FindServiceByName("muster.v1.Plugin")
        yield _handler(plugin, {"Describe": self.describe, "Configure": self.configure, "Stop": self.stop})
        for name in self.points:
            service = _points[name]
            yield _handler(service, {service.methods[0].name: self.calls(name, _class(service.methods[0].output_type.full_name))})
        yield grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(_health)})
        yield grpc.method_handlers_generic_handler("plugin.GRPCBroker", {"StartStream": grpc.stream_stream_rpc_method_handler(_broker)})

    def calls(self, point, response):
        def call(request, context):
            if not self.ready:
                _fail(context, grpc.StatusCode.UNKNOWN, "the plugin is not configured, or was stopped")
            meta = dict(context.invocation_metadata())
            who = Call(meta.get("muster-game", ""), meta.get("muster-hook", ""))
            answer = self.guard(context, lambda: self.checked(point, request, who, response))
            if answer is None:
                answer = response(allow=True) if response is messages.Decision else response()
            return answer

        return call

    def checked(self, point, request, who, response):
        answer = getattr(self.plugin, point)(request, who)
        if answer is not None and not isinstance(answer, response):
            raise TypeError("%s answered a %s, not a %s" % (point, type(answer).__name__, response.__name__))
        return answer


def _handler(service, methods):
    return grpc.method_handlers_generic_handler(service.full_name, {
        name: grpc.unary_unary_rpc_method_handler(
            do, request_deserializer=_class(service.methods_by_name[name].input_type.full_name).FromString,
            response_serializer=lambda m: m.SerializeToString())
        for name, do in methods.items()})


def _health(request, context):
    """Health.Check by hand: the service "plugin" is serving."""
    if request not in (b"", b"\x0a\x06plugin"):
        _fail(context, grpc.StatusCode.NOT_FOUND, "unknown service")
    return b"\x08\x01"


def _broker(requests, _context):
    """go-plugin's broker offers more connections here; this glue takes none."""
    for _ in requests:
        pass
    yield from ()


def _text(what):
    return str(what).encode("utf-8", "replace")[:MAX_TEXT].decode("utf-8", "ignore")


def _fail(context, code, text, detail=None):
    text = _text(text)
    if detail is not None:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status = _Status(code=code.value[0], message=text, details=[packed])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, text)


class _Lines(logging.Handler):
    """Writes what the server reads: lines of JSON, as hclog's, on standard error."""

    usual = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

    def emit(self, record):
        level = "error" if record.levelno >= 40 else "warn" if record.levelno >= 30 else "info" if record.levelno >= 20 else "debug"
        line = {k: v for k, v in vars(record).items() if k not in self.usual}  # of extra=
        if record.exc_info and record.exc_info[0]:
            line["stack"] = "".join(traceback.format_exception(*record.exc_info))[-MAX_TEXT:]
        at = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc).isoformat()
        line.update({"@level": level, "@message": record.getMessage(), "@module": record.name, "@timestamp": at})
        sys.stderr.write(json.dumps(line, default=str) + "\n")
        sys.stderr.flush()


def _is_wheel():
    """Says whether gRPC came from PyPI. Its wheels bring their own TLS library, and
    not every release of it takes the curve of go-plugin's certificate, P-521."""
    try:
        return importlib.metadata.distribution("grpcio").read_text("WHEEL") is not None
    except importlib.metadata.PackageNotFoundError:
        return False


def _certificate():
    """go-plugin's mutual TLS: returns credentials and our certificate, or None where
    this Python cannot. Then the socket's folder, which is Muster's alone, protects."""
    theirs = os.environ.get("PLUGIN_CLIENT_CERT")
    if not theirs or _is_wheel():
        return None
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError:
        return None
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    cert = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1)).not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage(usage), False)
        .sign(key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    credentials = grpc.ssl_server_credentials([(private, cert.public_bytes(pem))], theirs.encode(), True)
    return credentials, base64.b64encode(cert.public_bytes(serialization.Encoding.DER)).decode().rstrip("=")


def _end_with_parent():
    """Ends the process when the one that started it is gone, however it went."""
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        def read():
            while os.read(0, 4096):
                pass
            os._exit(0)
        threading.Thread(target=read, daemon=True).start()
    parent = os.getppid()

    def look():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(0)
    threading.Thread(target=look, daemon=True).start()


def serve(plugin):
    """The whole main function of a plugin; it does not return."""
    service = _Service(plugin)
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        sys.exit("%s %s is a plugin of Muster: the server starts it, nobody else does.\n%s\nIn config.hcl:\n\n"
                 "    plugin \"%s\" {\n      command = [\"%s\", \"%s\"]\n    }" % (
                     plugin.name, plugin.version, plugin.doc, plugin.name, sys.executable, os.path.abspath(sys.argv[0])))
    _end_with_parent()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    level = {"trace": 10, "info": 20, "warn": 30, "error": 40}.get(os.environ.get("MUSTER_PLUGIN_LOG"), 10)
    logging.basicConfig(level=level, handlers=[_Lines()])

    folder = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or tempfile.mkdtemp()
    path = os.path.join(folder, "plugin-%d.sock" % os.getpid())
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(THREADS))
    server.add_generic_rpc_handlers(tuple(service.handlers()))
    secure = _certificate()
    if secure:
        server.add_secure_port("unix:" + path, secure[0])
    else:
        server.add_insecure_port("unix:" + path)
    server.start()
    # The newest version that both know; ours when there is none: the host then says
    # which of the two is too old.
    theirs = os.environ.get("PLUGIN_PROTOCOL_VERSIONS", "").split(",")
    version = max((v for v in (VERSION,) if str(v) in theirs), default=VERSION)
    print("1|%d|unix|%s|grpc|%s" % (version, path, secure[1] if secure else ""), flush=True)
    sys.stdout = sys.stderr  # what the author prints is logged
    logging.getLogger(plugin.name).debug("listening", extra={"encrypted": bool(secure)})
    ended.wait()
    server.stop(1).wait()
    os._exit(0)  # also when a call hangs
