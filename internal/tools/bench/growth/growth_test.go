package main_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	growth "ranger/internal/tools/bench/growth"
)

const servers = `{"figures": [
	{"name": "idle_tls_memory", "values": {"ranger": [18000]}},
	{"name": "growth_memory_1000", "values": {"ranger": [4700, 9999, 4300]}},
	{"name": "growth_memory_15000", "values": {"ranger": [2700]}},
	{"name": "growth_cpu_1000", "values": {"ranger": [9.96]}}
]}`

const inProcess = `goos: linux
BenchmarkGrowth/sockets=1000/connect-2 	      86	      1221 B/socket	     13022 ns/socket
BenchmarkGrowth/sockets=1000000/connect-2 	  1	      1147 B/socket	     11497 ns/socket
BenchmarkGrowth/sockets=1000/deliver-2 	  372577	      3760 ns/op	     593 B/op	       7 allocs/op
BenchmarkGrowth/sockets=1000/flood  	    3770	      1228 ns/event
BenchmarkGrowth/sockets=1000/subscribe-2	1418510	        81.15 ns/op	      64 B/op	       1 allocs/op
BenchmarkGrowth/sockets=1000/sweep-2       	 1236934	         0.9641 ns/socket
BenchmarkGrowth/sockets=1000/locked-2      	 7221588	       159.5 ns/op
BenchmarkGrowthOfReaders/sockets=1000-2    	      24	      6275 B/socket	     47486 ns/socket
PASS
`

func TestRun_DrawsAndPrints(t *testing.T) {
	table, drawing, err := run(t, servers, inProcess)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| | 1,000 | 15,000 | 1,000,000 |\n",
		"resident, everything included | 4,700 B | 2,700 B |  |\n",
		"ranger's own part, idle | 1,221 B |  | 1,147 B |\n",
		"with RabbitMQ and TCP | 10 µs |  |  |\n",
		"many at once | 1.2 µs |  |  |\n",
		"A sweep of the timers: per socket | 0.96 ns |  |  |\n",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("got table\n%s\nwant %q in it", table, want)
		}
	}
	if strings.Contains(drawing, "%!") {
		t.Error("got a drawing with a bad format")
	}
	decoder := xml.NewDecoder(strings.NewReader(drawing))
	dots := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("got a drawing that is not XML: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "circle" {
			dots++
		}
	}
	if dots != 13 {
		t.Errorf("got %d points in the drawing, want 13", dots)
	}
}

func TestRun_IncompleteInput(t *testing.T) {
	for name, c := range map[string][2]string{
		"no JSON":       {"", inProcess},
		"no servers":    {`{}`, inProcess},
		"no benchmarks": {servers, "PASS\n"},
		"not a number":  {strings.ReplaceAll(servers, "1000", "many"), inProcess},
	} {
		if table, _, err := run(t, c[0], c[1]); err == nil {
			t.Errorf("%s: got a table, want an error:\n%s", name, table)
		}
	}
}

func run(t *testing.T, servers, inProcess string) (table, drawing string, err error) {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"servers": servers, "in-process": inProcess} {
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	err = growth.Run([]string{"-servers", file("servers"), "-in-process", file("in-process"), "-svg", file("svg")}, &out, &out)
	if err != nil {
		return out.String(), "", err
	}
	svg, err := os.ReadFile(file("svg"))
	return out.String(), string(svg), err
}
