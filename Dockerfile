# syntax=docker/dockerfile:1

# Build: pure Go, so the binaries are static and run anywhere.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/bin/muster . \
 && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/bin/arena-server ./sample-game/server \
 && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/bin/plugins/sparks-rules ./sample-game/rules \
 && for p in plugins/*/main.go; do p=$(basename $(dirname $p)); \
      CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/bin/plugins/$p ./plugins/$p || exit 1; done \
 && mkdir -p /out/data

# Run: no shell, no package manager, not root.
FROM gcr.io/distroless/static-debian12:nonroot
WORKDIR /muster
COPY --from=build --chown=nonroot:nonroot /out/data ./data
COPY --from=build /out/bin ./bin
COPY --from=build /src/config.hcl ./config.hcl
COPY --from=build /src/sample-game/web ./sample-game/web
COPY --from=build /src/sample-game/hooks ./sample-game/hooks
USER nonroot
# Inside a container loopback is not reachable: listen on all of its interfaces.
ENV MUSTER_LISTEN=:7350
# Accounts, matches and lobbies live here: mount a volume to keep them.
VOLUME ["/muster/data"]
# Players; the local fleet's game servers. The admin address (7351) is loopback only.
EXPOSE 7350 21000-21099/tcp 21000-21099/udp
ENTRYPOINT ["/muster/bin/muster"]
CMD ["serve", "-config", "/muster/config.hcl"]
