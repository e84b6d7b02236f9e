# docker build --build-arg VERSION="$(git describe --tags --always)" -t ranger .
#
# To run the image:
# - Set GOMEMLIMIT to about nine tenths of the container's memory limit
#   (GOMEMLIMIT=900MiB for 1 GiB), so that Go collects garbage before the kernel
#   kills the process.
# - Health, readiness and metrics listen on 127.0.0.1:4242, inside the container
#   only. OPS_ADDR=0.0.0.0:4242 opens them to the pod's network. Publish only 8080
#   to the internet.
FROM golang:1.26.9-bookworm@sha256:d9c68c2c51161e12fd77e4c6320687c9cd86e1af1e3ad6e6cd63ff970641453c AS build
# Use the toolchain that go.mod names, as make does: download it if it is newer than the image's.
ENV GOTOOLCHAIN=auto
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /ranger ./cmd/ranger

# The image holds only the program and the certificate authorities, and does not run as root.
FROM scratch
ARG VERSION=unknown
LABEL org.opencontainers.image.title="ranger" \
      org.opencontainers.image.description="Pushes each trader's own orders and trades from RabbitMQ to WebSockets" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /ranger /ranger
USER 65532:65532
EXPOSE 8080 4242
# Requests /readyz at OPS_ADDR. A node that cannot reach the broker is unhealthy but keeps its sockets: do not let the
# platform restart it for that.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/ranger", "health"]
ENTRYPOINT ["/ranger"]
CMD ["serve"]
