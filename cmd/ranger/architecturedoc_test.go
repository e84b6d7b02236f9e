package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The owner of each goroutine in docs/architecture.md is a function, a method or a field
// that exists. The name of its package may precede it.
func TestArchitectureDoc_NamesOwnersThatExist(t *testing.T) {
	_, section, _ := strings.Cut(readText(t, architectureDoc), "\n## Goroutines\n")
	section, _, _ = strings.Cut(section, "\n## ")
	declared := declaredNames(t)
	named := 0
	for _, row := range regexp.MustCompile(`(?m)^\|[^|]*\|[^|]*\|([^|]*)\|[^|]*\|$`).FindAllStringSubmatch(section, -1) {
		for _, m := range regexp.MustCompile("`([A-Za-z.]+)`").FindAllStringSubmatch(row[1], -1) {
			if named++; !declared[m[1]] {
				t.Errorf("the goroutine of %.80q has the owner %s, which does not exist", row[0], m[1])
			}
		}
	}
	if named < 20 {
		t.Errorf("got %d owners, want some 25", named)
	}
}

// declaredNames returns the functions, methods and fields of structs of the program: as
// f, T.m or T.f, and with the directory of the package before it.
func declaredNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		add := func(name string) {
			names[name], names[filepath.Base(filepath.Dir(file))+"."+name] = true, true
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				add(qualifiedName(d))
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					for _, field := range fields(spec) {
						add(field)
					}
				}
			}
		}
	}
	return names
}

// fields returns the fields of a type that is a struct, as T.f.
func fields(spec ast.Spec) (names []string) {
	typ, ok := spec.(*ast.TypeSpec)
	if !ok {
		return nil
	}
	fields, ok := typ.Type.(*ast.StructType)
	if !ok {
		return nil
	}
	for _, f := range fields.Fields.List {
		for _, name := range f.Names {
			names = append(names, typ.Name.Name+"."+name.Name)
		}
	}
	return names
}
