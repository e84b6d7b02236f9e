package amqp

import "context"

// announceMembers records a gap for each user whose member id has become known.
func (m *monitor) announceMembers(ctx context.Context) error {
	if m.cfg.Members == nil {
		return nil
	}
	gaps := m.unresolved.Resolved(m.cfg.Members)
	for _, g := range gaps {
		if g.From == 0 {
			g.From = m.cfg.WindowStart()
		}
		if err := m.writer.RecordGap(ctx, g); err != nil {
			return err
		}
		m.unresolved.Forget(g.Member, g.To)
	}
	if len(gaps) > 0 {
		m.log.InfoContext(ctx, "member ids have become known; gap announced to their users",
			"first", gaps[0].Member, "ids", len(gaps))
	}
	return nil
}
