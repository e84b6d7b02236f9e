package bench_test

import (
	"os"
	"runtime"
	"testing"

	"ranger/internal/tools/bench"
)

func TestProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		if _, err := bench.Process(os.Getpid()).CPU(); err == nil {
			t.Error("a CPU time that cannot be known")
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
		t.Errorf("CPU time %v, then %v, %v", before, after, err)
	}
	if n, err := p.Resident(); err != nil || n < 1<<20 || n > 1<<40 {
		t.Errorf("%d bytes resident, %v", n, err)
	}
	nobody := bench.Process(1<<22 + 1) // more than Linux has
	if d, err := nobody.CPU(); err == nil {
		t.Errorf("a process that is not there took %v", d)
	}
	if n, err := nobody.Resident(); err == nil {
		t.Errorf("a process that is not there has %d bytes", n)
	}
}
