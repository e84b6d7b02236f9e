package protocol

// Markets returns the markets of a filter.
func (f *Filter) Markets() []string { return f.markets }

// Kinds returns the kinds of a filter, a bit for each.
func (f *Filter) Kinds() uint8 { return f.kinds }
