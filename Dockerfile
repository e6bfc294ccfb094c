# Builds Monoflow and packs it with what its steps need. Steps run sandboxed by bubblewrap inside the container, which
# needs user namespaces: run it with `--security-opt seccomp=unconfined --cap-add SYS_ADMIN`. Without, steps are kept apart by
# Landlock and Unix users only (isolation level 3); with `--cap-add NET_ADMIN` and nftables each namespace has a network of its own.
#
#   docker build -t monoflow .
#   docker run -p 127.0.0.1:8080:8080 -v monoflow-data:/data --security-opt seccomp=unconfined --cap-add SYS_ADMIN monoflow
#   docker exec CONTAINER cat /data/admin-token

FROM swift:6.3-bookworm AS build
RUN apt-get -qq update \
 && apt-get -qq install -y --no-install-recommends libsqlite3-dev libnghttp2-dev libssl-dev zlib1g-dev pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
COPY Tests Tests
# The runtime image has no Swift: its libraries are linked in.
RUN swift build -c release --static-swift-stdlib --product monoflow \
 && swift build -c release --static-swift-stdlib --product monoflow-step \
 && mkdir /out && cp .build/release/monoflow .build/release/monoflow-step /out/

FROM debian:12-slim
RUN apt-get -qq update \
 && apt-get -qq install -y --no-install-recommends \
      bubblewrap ca-certificates python3 python3-venv libsqlite3-0 libnghttp2-14 libssl3 zlib1g libstdc++6 \
 && python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --quiet uv \
 && ln -s /opt/uv/bin/uv /usr/local/bin/uv \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --create-home --uid 10001 monoflow \
 && install -d -o monoflow -g monoflow /data
COPY --from=build /out/ /opt/monoflow/bin/
COPY Public /opt/monoflow/Public
COPY migrations /opt/monoflow/migrations
COPY examples /opt/monoflow/examples
ENV PATH=/opt/monoflow/bin:$PATH
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# As root every Monoflow namespace gets a Unix user of its own. `--user monoflow` works too, with all steps under that
# one user; the server says at start which isolation it has reached.
ENTRYPOINT ["monoflow", "serve", "--data", "/data", "--listen", "0.0.0.0:8080", \
  "--public", "/opt/monoflow/Public", "--migrations", "/opt/monoflow/migrations", \
  "--images", "/opt/monoflow/examples/talk/images.yaml"]
