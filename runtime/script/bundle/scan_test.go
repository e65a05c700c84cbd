package bundle

import (
	"strings"
	"testing"
)

// TestScanNested has what takes the compiler or the engine deep into its stack, each
// a part that nests when it is repeated.
func TestScanNested(t *testing.T) {
	for _, part := range []string{
		"!", "- ", "~", "++", "typeof ", "new ", "void ", "await ", "yield ", "[", "(", "{", "()=>", "a=>", "(a)=>", "async a=>", "a?b:", "a?", "a?(",
		"f(", "`${", "`${`", "if(a)", "if(a)\n", "for(;;)", "while(1)\n", "with(a)", "else ", "if(a)b;else ", "x=", "x\n=", "+=", "a**",
		"function(){return ", "function a(b=", "function f(){}+", "class{x=", "class A{a=", "class A extends ", "{get a(){return ", "{[", "{a:", "{a:{},b:",
		"a[", "a?.b(", "+a", "&&a", "??a", ".b", "()", "[0]", "``", "a\n?b\n:", "a in ", "a instanceof ", "[...", "do ", "try{", "switch(a){default:",
		"label:", "case 1: {", "return (", "import(", "new a(", "@a(", "async(", "(a=",
		// Types.
		"<T>", "A<", "A<B,", "keyof ", "a<", "(a):b=>", "A extends B?", "|A", "<A,>(b)=>", "<A,B>(b)=>",
		// What hides a closing bracket from a careless reader.
		"(/*)*/", "(//)\n", "[//]\u2028", `[")"`, "(')'", "(`)`,", "(/[)]/,", `(/\)/.a,`, `if(1)/"/;(""+`, "{}/}/;{", "(\u00a0/)/,", "if\u00a0(a)/\"/;(",
	} {
		if f := scan("x=" + strings.Repeat(part, 30000)); f == nil {
			t.Errorf("%q is taken", part)
		}
	}
}

// TestScanFlat has long sources that nest nothing.
func TestScanFlat(t *testing.T) {
	for _, part := range []string{
		"a = b + c;", "a = b + c\n", "f(a)\n", "f(a);", "const a = b => c\n", "function f(a) { if (a) { return !a } else { return -a } }", "if (a) b()\n;",
		"if (a) { b } else if (c) { d }", "case 1:\n", "export type A = B | C\n", "a: B | C\n", "class A extends B { x = 1; y() {} }", "let a = /[/(]/g, b = a / 2 / 3;",
		"if (a) /(/.test(b);", "x = a ? b : c, ", "[1, 2, {a: b => c}], ", "`a${b}(`;", "'(', ", "// (((\n", "/* [[[ */", "for (a < b; c < d; ) e;", "return a\n", "@a b() {}\n",
		"interface A<B, C extends D> { e?: F[]; g(h: I): J }", "x = y as Z;", "for (const a of b) c(a)\n;", "while (n --> 0);", "a!.b;", "i++\n", "x = {}\n/a/.b;",
	} {
		if f := scan(strings.Repeat(part, 10000)); f != nil {
			t.Errorf("%q: %s", part, f.text)
		}
	}
}

func TestScanPlace(t *testing.T) {
	f := scan("\n" + strings.Repeat("(", 499) + strings.Repeat(")", 499) + ";\n" + strings.Repeat("[", 501))
	if f == nil || f.offset != 1001+500 || f.text != "The source is nested over 500 levels deep" {
		t.Fatalf("got %+v", f)
	}
	source := "a\n  <!-- b"
	m := scan(source).message("x.ts", source)
	if m.Location.Line != 2 || m.Location.Column != 2 || m.Location.LineText != "  <!-- b" {
		t.Errorf("got %+v", m.Location)
	}
	source = "a\nb \xed\x98"
	if m = scan(source).message("x.ts", source); m.Location.Line != 2 || m.Location.Column != 2 || m.Text != "The file is not UTF-8" || m.Location.LineText != "b \uFFFD" {
		t.Errorf("got %+v %+v", m, m.Location)
	}
	if scan("a\n/* */ --> b") == nil || scan("'<!--'; a --> b") != nil {
		t.Error("HTML comments")
	}
}
