package hub

import (
	"context"
	"net/netip"
)

// optionsRefused logs why a client's options were refused: the answer does not say.
func (h *Hub) optionsRefused(ctx context.Context, err error, peer netip.AddrPort) {
	if suppressed, ok := h.refusedOptions.Allow(logInterval); ok {
		h.log.InfoContext(ctx, "subscription options refused", "error", err, "peer", peer, "suppressed", suppressed)
	}
}
