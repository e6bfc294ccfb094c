"""The messages and methods of Tests/WireServer's Echo service, learnt from the server by reflection: no generated code."""

import types

from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "monoflow.test.Echo"


class Echo:
    """Message classes by short name, and the service's methods on any channel."""

    def __init__(self, channel):
        database = ProtoReflectionDescriptorDatabase(channel)
        self.services = list(database.get_services())
        self.pool = descriptor_pool.DescriptorPool(database)
        self.service = self.pool.FindServiceByName(SERVICE)
        for name in self.service.file.message_types_by_name:
            setattr(self, name, self.message(f"monoflow.test.{name}"))

    def message(self, name):
        """The class of a message by full name."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def on(self, channel):
        """`.Unary(request)`, `.ServerStream(request)`, … as grpcio's multicallables."""
        calls = types.SimpleNamespace()
        for method in self.service.methods:
            kind = "_".join("stream" if streams else "unary" for streams in (method.client_streaming, method.server_streaming))
            output = getattr(self, method.output_type.name)
            setattr(calls, method.name, getattr(channel, kind)(
                f"/{SERVICE}/{method.name}", request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=output.FromString))
        return calls
