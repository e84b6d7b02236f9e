package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The files that one event passes are listed in docs/architecture.md: each function is
// declared in its file, and called by one of the same step or of a step that has not
// returned yet. There are at most 25 files.
func TestArchitectureDoc_WalkthroughFollowsCalls(t *testing.T) {
	_, section, found := strings.Cut(readText(t, architectureDoc), "\n## The files that one event passes\n")
	if !found {
		t.Fatal("docs/architecture.md has no section on the files that one event passes")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	steps := regexp.MustCompile("(?m)^[0-9]+\\. `([^`]+\\.go)`: ((?:`[^`]+`,? ?)+)").FindAllStringSubmatch(section, -1)
	if len(steps) < 15 {
		t.Fatalf("got %d steps, want some 20", len(steps))
	}
	files := make(map[string]bool)
	var stack [][]ast.Node // the functions of each step that has not returned yet
	for _, step := range steps {
		file := step[1]
		files[file] = true
		var bodies []ast.Node
		for name := range strings.SplitSeq(strings.TrimSpace(step[2]), ", ") {
			name = strings.Trim(name, "`")
			body := declaration(t, file, name)
			if body == nil {
				t.Errorf("%s does not declare %s", file, name)
				continue
			}
			base := name[strings.LastIndex(name, ".")+1:]
			if caller := lastCaller(append(stack, bodies), base); caller >= 0 {
				stack = stack[:min(caller+1, len(stack))] // the steps after it have returned
			} else if len(stack)+len(bodies) > 0 {
				t.Errorf("%s: no step that has not returned yet calls %s", file, name)
			}
			bodies = append(bodies, body)
		}
		stack = append(stack, bodies)
	}
	if len(files) > 25 {
		t.Errorf("an event passes %d files, want at most 25", len(files))
	}
}

// declaration returns the body of a function, or of a method written as Type.method,
// or nil if the file does not declare it.
func declaration(t *testing.T, file, name string) ast.Node {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", file), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && qualifiedName(f) == name {
			return f.Body
		}
	}
	return nil
}

func qualifiedName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if ident, ok := typ.(*ast.Ident); ok {
		return ident.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

// lastCaller returns the index of the last step with a function that calls name, -1 if
// there is none.
func lastCaller(steps [][]ast.Node, name string) int {
	for i, bodies := range slices.Backward(steps) {
		if slices.ContainsFunc(bodies, func(body ast.Node) bool { return calls(body, name) }) {
			return i
		}
	}
	return -1
}

// calls reports whether a body calls a function or method with this name.
func calls(body ast.Node, name string) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				found = found || f.Sel.Name == name
			case *ast.Ident:
				found = found || f.Name == name
			}
		}
		return !found
	})
	return found
}
