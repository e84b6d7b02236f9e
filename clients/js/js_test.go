package js_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ranger/clients/js"
	"ranger/internal/testenv"
)

func TestClient_PassesItsTestsInNode(t *testing.T) {
	t.Parallel()
	testenv.Programs(t)
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("%v: run `make test`, which installs what the tests need, or install Node.js 18 or later", err)
	}
	tests, err := filepath.Glob("test/*.test.js")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests in test/: %v", err)
	}
	// In one process: one for each file costs more than most of these tests.
	var imports strings.Builder
	for _, name := range tests {
		fmt.Fprintf(&imports, "import %q;\n", "./"+filepath.ToSlash(name))
	}
	out, err := testenv.Command(t.Context(), node, "--input-type=module", "--eval", imports.String()).CombinedOutput()
	if err != nil {
		t.Errorf("node: %v\n%s", err, out)
	}
}

func TestFiles_AreThoseThatIndexImports(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(js.Files(), "*")
	if err != nil {
		t.Fatal(err)
	}
	imported := []string{"index.js"}
	for i := 0; i < len(imported); i++ {
		text, err := fs.ReadFile(js.Files(), imported[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^(?:import|export) .* from "([^"]+)";$`).FindAllSubmatch(text, -1) {
			if name := path.Clean(string(m[1])); !slices.Contains(imported, name) {
				imported = append(imported, name)
			}
		}
	}
	slices.Sort(imported)
	if !slices.Equal(files, imported) {
		t.Errorf("got  %v\nwant %v", files, imported)
	}
}

// The npm package contains the copy in clients/js.
func TestLicense_EqualsThatOfTheRepository(t *testing.T) {
	t.Parallel()
	got, err := os.ReadFile("LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("LICENSE is not the repository's")
	}
}
