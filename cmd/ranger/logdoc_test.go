package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// logLine is a line of the log, in the sources or in the document.
type logLine struct{ level, message string }

// The table of docs/operations.md has each log message with its level, and no other. A
// message may be abbreviated with …. Lines of internal/tools are not in the table.
func TestOperationsDoc_NamesEveryLogMessage(t *testing.T) {
	_, section, _ := strings.Cut(readText(t, operationsDoc), "\n## Read its log\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var rows []logLine
	for _, m := range regexp.MustCompile("(?m)^\\| (`.+`) \\| (debug|info|warn|error) \\| .+ \\|$").FindAllStringSubmatch(section, -1) {
		for _, line := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(m[1], -1) {
			rows = append(rows, logLine{m[2], line[1]})
		}
	}
	used := make(map[logLine]bool)
	for _, line := range logLines(t) {
		i := slices.IndexFunc(rows, line.isIn)
		if i < 0 {
			t.Errorf("no row for %q, level %s", line.message, line.level)
			continue
		}
		used[rows[i]] = true
	}
	for _, row := range rows {
		if !used[row] {
			t.Errorf("%q has a row, but nothing logs it, level %s", row.message, row.level)
		}
	}
}

func (l logLine) isIn(row logLine) bool {
	begin, goesOn := strings.CutSuffix(row.message, "…")
	return l.level == row.level && (l.message == begin || goesOn && strings.HasPrefix(l.message, begin))
}

// logLines returns the log messages in the sources. Lint ensures that they are constants.
func logLines(t *testing.T) []logLine {
	t.Helper()
	var lines []logLine
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") || strings.Contains(filepath.ToSlash(file), "/internal/tools/") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				lines = appendLogLine(lines, call)
			}
			return true
		})
	}
	return lines
}

// appendLogLine appends the message of a call of a slog.Logger's method.
func appendLogLine(lines []logLine, call *ast.CallExpr) []logLine {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return lines
	}
	name, _ := strings.CutSuffix(method.Sel.Name, "Context")
	args := call.Args
	if name == "Log" || name == "LogAttrs" { // (ctx, slog.LevelInfo, message, …)
		if len(args) < 3 {
			return lines
		}
		level, ok := args[1].(*ast.SelectorExpr)
		if !ok {
			return lines
		}
		name = strings.TrimPrefix(level.Sel.Name, "Level")
	}
	if !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, name) {
		return lines
	}
	for _, arg := range args { // the message is the first string
		if text, ok := arg.(*ast.BasicLit); ok && text.Kind == token.STRING {
			message, _ := strconv.Unquote(text.Value) // the file compiles
			return append(lines, logLine{strings.ToLower(name), message})
		}
	}
	return lines
}
