"""The Echo service on grpcio's own server, for our client to call."""

import threading
from concurrent import futures

import grpc
from google.protobuf import any_pb2, wrappers_pb2
from google.rpc import status_pb2
from grpc_status import rpc_status

from echo_messages import SERVICE


class EchoServer:
    """`.target`; `.cancelled` counts calls of Slow that were given up. Started when made."""

    def __init__(self, messages, credentials=None, address="127.0.0.1:0", options=()):
        self.messages = messages
        self.cancelled = 0
        self.connections = set()
        self.lock = threading.Lock()
        self.server = grpc.server(futures.ThreadPoolExecutor(64), options=[("grpc.so_reuseport", 0), *options])
        methods = {}
        for method in messages.service.methods:
            kind = "_".join("stream" if streams else "unary" for streams in (method.client_streaming, method.server_streaming))
            request = getattr(messages, method.input_type.name)
            methods[method.name] = getattr(grpc, f"{kind}_rpc_method_handler")(
                getattr(self, method.name), request_deserializer=request.FromString,
                response_serializer=lambda message: message.SerializeToString())
        self.server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, methods)])
        port = self.server.add_secure_port(address, credentials) if credentials else self.server.add_insecure_port(address)
        self.target = f"127.0.0.1:{port}"
        self.server.start()

    def stop(self, grace=None):
        self.server.stop(grace).wait()

    def _reply(self, request, index=0):
        return self.messages.EchoReply(text=request.text, data=request.data, index=index)

    def Unary(self, request, context):
        with self.lock:
            self.connections.add(context.peer())
        return self._reply(request)

    def Packed(self, request, context):
        context.set_compression(grpc.Compression.Gzip)
        return self._reply(request)

    def ServerStream(self, request, context):
        request.data = b"a" * request.size
        for index in range(request.count):
            yield self._reply(request, index)

    def ClientStream(self, requests, context):
        texts = [request.text for request in requests]
        return self.messages.EchoReply(text=",".join(texts), index=len(texts))

    def Bidirectional(self, requests, context):
        for index, request in enumerate(requests):
            yield self._reply(request, index)

    def Slow(self, request, context):
        ended = threading.Event()
        context.add_callback(ended.set)
        if ended.wait(request.milliseconds / 1000):
            with self.lock:
                self.cancelled += 1
        return self._reply(request)

    def Fail(self, request, context):
        for index in range(request.count):
            yield self._reply(request, index)
        details = [any_pb2.Any(), any_pb2.Any()]
        details[0].Pack(wrappers_pb2.StringValue(value="field x"))
        details[1].Pack(wrappers_pb2.Int64Value(value=7))
        context.abort_with_status(rpc_status.to_status(status_pb2.Status(code=request.code, message=request.text, details=details)))

    def Metadata(self, request, context):
        own = [(name, value) for name, value in context.invocation_metadata() if name.startswith("x-")]
        context.send_initial_metadata(own)
        context.set_trailing_metadata(own)
        left = context.time_remaining()
        return self.messages.EchoReply(text=dict(context.invocation_metadata())["user-agent"], index=int(left) if left is not None else -1)

    def Count(self, request, context):
        return self._reply(request)
