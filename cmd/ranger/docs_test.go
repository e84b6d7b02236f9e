package main

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ranger/cmd/ranger/internal/toolcmd"
	"ranger/internal/auth"
	"ranger/internal/hub"
	"ranger/internal/journal"
	"ranger/internal/ops"
	"ranger/internal/tools/audit"
	"ranger/internal/tools/bench"
)

const (
	configurationDoc = "../../docs/configuration.md"
	operationsDoc    = "../../docs/operations.md"
	auditDoc         = "../../docs/audit.md"
	benchDoc         = "../../docs/bench.md"
	architectureDoc  = "../../docs/architecture.md"
	environmentFile  = "../../.env.example"
)

// variable is an environment variable of serveFlags.
type variable struct {
	name string
	def  string // its default, empty if it has none
}

// variables returns the variables of serveFlags, and for each that names the file of a
// secret, the secret, which has no flag.
func variables(t *testing.T) []variable {
	t.Helper()
	var all []variable
	seen := make(map[string]bool)
	add := func(v variable) {
		if !seen[v.name] {
			seen[v.name] = true
			all = append(all, v)
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[serveFlags]()) {
		if f.Anonymous {
			continue
		}
		name := f.Tag.Get("env")
		if name == "" {
			t.Errorf("serveFlags.%s has no env tag", f.Name)
		}
		add(variable{name, f.Tag.Get("default")})
		if secret, ok := strings.CutSuffix(name, "_FILE"); ok {
			add(variable{name: secret})
		}
	}
	return all
}

// goFiles returns the Go files of cmd and internal.
func goFiles(t *testing.T) (files []string) {
	t.Helper()
	for _, root := range []string{"..", "../../internal"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".go") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func readText(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Each variable of serveFlags has one row, with its default. The document mentions no
// other variable.
func TestConfigurationDoc_HasRowForEachVariable(t *testing.T) {
	doc := readText(t, configurationDoc)
	rows := make(map[string]string) // name to default as written
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]*) \\| [^|]+ \\|$").FindAllStringSubmatch(doc, -1) {
		if _, twice := rows[m[1]]; twice {
			t.Errorf("%s has two rows", m[1])
		}
		rows[m[1]] = m[2]
	}
	known := []string{"JWT_PRIVATE_KEY"} // of ranger token
	for _, v := range variables(t) {
		known = append(known, v.name)
		got, ok := rows[v.name]
		delete(rows, v.name)
		switch {
		case !ok:
			t.Errorf("%s has no row", v.name)
		case v.def != "" && got != "`"+v.def+"`":
			t.Errorf("%s: default %q, want `%s`", v.name, got, v.def)
		case v.def == "" && got != "unset" && !strings.HasPrefix(got, "unset: "):
			t.Errorf("%s: default %q, want unset, or unset: and its meaning", v.name, got)
		}
	}
	for name := range rows {
		t.Errorf("%s has a row, but is not in serveFlags", name)
	}
	for _, m := range regexp.MustCompile(`[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+`).FindAllString(doc, -1) {
		if !slices.Contains(known, m) {
			t.Errorf("%s is mentioned, but is not in serveFlags", m)
		}
	}
}

// .env.example has only variables of serveFlags, each commented out.
func TestEnvironmentExample_SetsNoVariable(t *testing.T) {
	var known []string
	for _, v := range variables(t) {
		known = append(known, v.name)
	}
	assignment := regexp.MustCompile(`^(#?)([A-Z0-9_]+)=`)
	found := 0
	for line := range strings.Lines(readText(t, environmentFile)) {
		line = strings.TrimSpace(line)
		m := assignment.FindStringSubmatch(line)
		switch {
		case m == nil && line != "" && !strings.HasPrefix(line, "# "):
			t.Errorf("%q is neither a comment nor a variable", line)
		case m == nil:
			continue
		case m[1] == "":
			t.Errorf("%s is set", m[2])
		case !slices.Contains(known, m[2]):
			t.Errorf("%s is not in serveFlags", m[2])
		}
		found++
	}
	if found == 0 {
		t.Error("got no variable")
	}
}

// docs/operations.md names every ranger_ metric, and no other.
func TestOperationsDoc_NamesEveryMetric(t *testing.T) {
	name := regexp.MustCompile(`\branger_[a-z_]+`)
	names := func(text string) map[string]bool {
		set := make(map[string]bool)
		for _, n := range name.FindAllString(text, -1) {
			set[n] = true
		}
		return set
	}
	m := ops.NewMetrics("node", version, auth.Reasons(), hub.CloseCodes())
	m.WatchSockets(func() (open, authenticated int) { return 0, 0 })
	m.WatchRedis(func() (up bool, members int) { return false, 0 })
	m.WatchSource(stateNames(), func() string { return "" })
	m.WatchHost([]string{"localhost:5672"}, func() string { return "" })
	m.WatchWindow(func() journal.Stats { return journal.Stats{} })
	w := httptest.NewRecorder()
	ops.Handler(m, func() ops.Readiness { return ops.Readiness{} }).
		ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	families := regexp.MustCompile(`(?m)^# TYPE (ranger_[a-z_]+) `)
	got, want := names(readText(t, operationsDoc)), make(map[string]bool)
	for _, family := range families.FindAllStringSubmatch(w.Body.String(), -1) {
		want[family[1]] = true
	}
	for n := range want {
		if !got[n] {
			t.Errorf("%s is not in the document", n)
		}
	}
	for n := range got {
		if !want[n] {
			t.Errorf("%s is in the document, but not in /metrics", n)
		}
	}
}

// flagRows checks that a document has a row for each flag of a command except the
// broker's, with its default.
func flagRows(t *testing.T, doc string, command reflect.Type) {
	t.Helper()
	flag := regexp.MustCompile(`[a-z][A-Z]`)
	for _, f := range reflect.VisibleFields(command) {
		if _, arg := f.Tag.Lookup("arg"); arg || f.Anonymous || f.Tag.Get("group") == "broker" {
			continue
		}
		name := f.Tag.Get("name")
		if name == "" {
			name = strings.ToLower(flag.ReplaceAllStringFunc(f.Name, func(s string) string { return s[:1] + "-" + s[1:] }))
		}
		row := regexp.MustCompile("(?m)^\\|.*`--" + name + "`.*").FindString(doc)
		if def := f.Tag.Get("default"); row == "" || def != "" && !strings.Contains(row, "`"+def+"`") && !strings.Contains(row, "as of `ranger token`") {
			t.Errorf("--%s: got row %q, want its default %q in it", name, row, def)
		}
	}
}

// The flags of ranger audit are listed with their defaults; those of the broker are not.
func TestAuditDoc_NamesEveryFlagAndFault(t *testing.T) {
	doc := readText(t, auditDoc)
	flagRows(t, doc, reflect.TypeFor[toolcmd.Audit]())
	for _, fault := range []audit.Fault{audit.Lost, audit.Unannounced, audit.Duplicated, audit.Reordered, audit.Misdelivered, audit.Broken} {
		if !strings.Contains(doc, "\n| "+string(fault)+" | ") {
			t.Errorf("%s has no row", fault)
		}
	}
}

// docs/bench.md names every flag of ranger bench but the broker's, every scenario, every
// fault, and whatever a scenario reports.
func TestBenchDoc_NamesEveryFlagScenarioAndFigure(t *testing.T) {
	doc := readText(t, benchDoc)
	flagRows(t, doc, reflect.TypeFor[toolcmd.Bench]())
	for _, s := range bench.Scenarios() {
		if !strings.Contains(doc, "\n| `"+s.Name+"` | ") {
			t.Errorf("scenario %s has no row", s.Name)
		}
	}
	faults := reflect.TypeFor[bench.Faults]()
	for i := range faults.NumField() - 1 { // the last says what the first few were
		if name := faults.Field(i).Tag.Get("json"); !strings.Contains(doc, "\n| "+name+" | ") {
			t.Errorf("fault %s has no row", name)
		}
	}
	sources, err := filepath.Glob("../../internal/tools/bench/*.go")
	if err != nil {
		t.Fatal(err)
	}
	reported := []string{"quiet_p50", "quiet_p99", "during_p50", "during_p99", "quiet_receipt_p50", "quiet_receipt_p99", "during_receipt_p50", "during_receipt_p99"} // whose names are put together
	for _, file := range sources {
		for _, m := range regexp.MustCompile(`(?:igure|atency|ateSeries|Series\{Name:) ?\(?"([a-z0-9_]+)"`).FindAllStringSubmatch(readText(t, file), -1) {
			reported = append(reported, m[1])
		}
	}
	if len(reported) < 20 {
		t.Errorf("got only %q from the sources", reported)
	}
	for _, name := range reported {
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("%s is not in the document", name)
		}
	}
}

// TestArchitectureDoc_NamesEachPackage: the table of packages has each package, and names
// only folders that exist.
func TestArchitectureDoc_NamesEachPackage(t *testing.T) {
	_, section, _ := strings.Cut(readText(t, architectureDoc), "\n## Packages\n")
	section, _, _ = strings.Cut(section, "\n## ")
	packages, folders := make(map[string]bool), make(map[string]bool)
	for _, file := range goFiles(t) {
		if dir, ok := strings.CutPrefix(filepath.ToSlash(filepath.Dir(file)), "../../"); ok {
			packages[dir] = true
			for ; dir != "."; dir = path.Dir(dir) {
				folders[dir] = true
			}
		}
	}
	for dir := range packages {
		if !strings.Contains(section, "`"+dir+"`") {
			t.Errorf("%s has no row", dir)
		}
	}
	for _, m := range regexp.MustCompile("`(internal/[a-z0-9/]+)`").FindAllStringSubmatch(section, -1) {
		if !folders[m[1]] {
			t.Errorf("%s is in the table, but does not exist", m[1])
		}
	}
}

// The documents are docs/architecture.md, the ADRs and CONTRIBUTING.md.
func TestDocs_NameOnlyTestsThatExist(t *testing.T) {
	var sources strings.Builder
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			sources.WriteString(readText(t, file))
		}
	}
	docs, err := filepath.Glob("../../docs/adr/0*.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)(\\*?)`")
	for _, doc := range append(docs, architectureDoc, "../../CONTRIBUTING.md") {
		names := name.FindAllStringSubmatch(readText(t, doc), -1)
		if len(names) == 0 && doc == architectureDoc {
			t.Errorf("%s names no test", doc)
		}
		for _, m := range names { // a name may end with *
			if end := map[string]string{"": "(", "*": ""}[m[2]]; !strings.Contains(sources.String(), "\nfunc "+m[1]+end) {
				t.Errorf("%s names %s, which does not exist", doc, m[1])
			}
		}
	}
}
