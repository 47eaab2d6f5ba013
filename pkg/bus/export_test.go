package bus

// SetSlow makes the group believe that acknowledgements wait for the disk, or not.
func (g *Group) SetSlow(slow bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.slow, g.probing = slow, 0
}
