package bench_test

import (
	"os"
	"runtime"
	"testing"

	"ranger/internal/tools/bench"
)

func TestProcess_ReportsCPUTimeAndMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		if _, err := bench.Process(os.Getpid()).CPU(); err == nil {
			t.Error("got a CPU time, want an error")
		}
		return
	}
	p := bench.Process(os.Getpid())
	before, err := p.CPU()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for i := range 10_000_000 {
		sum ^= i * sum
	}
	after, err := p.CPU()
	if err != nil || after <= before {
		t.Errorf("got CPU time %v, then %v, %v", before, after, err)
	}
	if n, err := p.Resident(); err != nil || n < 1<<20 || n > 1<<40 {
		t.Errorf("got %d bytes resident, %v", n, err)
	}
	none := bench.Process(1<<22 + 1) // above the largest id of Linux
	if d, err := none.CPU(); err == nil {
		t.Errorf("no process: got CPU time %v, want an error", d)
	}
	if n, err := none.Resident(); err == nil {
		t.Errorf("no process: got %d bytes, want an error", n)
	}
}
