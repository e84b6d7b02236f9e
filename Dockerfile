# docker build --build-arg VERSION=$(git describe --tags --always) -t ranger .
#
# To run it:
# - Set GOMEMLIMIT to about nine tenths of the container's memory limit
#   (GOMEMLIMIT=900MiB for 1 GiB), so that Go collects before the kernel kills.
# - Health, readiness and metrics listen on 127.0.0.1:4242, which nothing outside
#   the container reaches; OPS_ADDR=0.0.0.0:4242 opens them to the pod's network.
#   Publish 8080 alone to the world.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /ranger ./cmd/ranger

# Certificates, a user that is not root, and nothing else.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /ranger /ranger
USER 65532:65532
EXPOSE 8080 4242
ENTRYPOINT ["/ranger"]
CMD ["serve"]
