package script

// BundleFile is the name under which the engine knows the bundle, in its profiles.
const BundleFile = bundleName

// Line is the author's place of a line of the bundle, which counts from 1; false: the
// line is the bundler's own. Its Function and Column are not known.
func (v *Version) Line(line int) (Frame, bool) {
	f, ok := v.place(line, lineEnd)
	f.Column = 0
	return f, ok
}

// lineEnd is behind the end of every line: the last place of a line is that of its
// statement, or of a part of it.
const lineEnd = 1 << 20
