package amqp

import "context"

// announceMembers records a gap for each user whose member id has become known.
func (m *monitor) announceMembers(ctx context.Context) error {
	members, p := m.src.cfg.Members, m.src.pipeline
	if members == nil {
		return nil
	}
	gaps := p.unresolved.Resolved(members)
	for _, g := range gaps {
		if g.From == 0 {
			g.From = p.cfg.WindowStart()
		}
		if err := m.writer.RecordGap(ctx, g); err != nil {
			return err
		}
		p.unresolved.Forget(g.Member, g.To)
	}
	if len(gaps) > 0 {
		m.src.log.InfoContext(ctx, "member ids have become known; gap announced to their users",
			"first", gaps[0].Member, "ids", len(gaps))
	}
	return nil
}
