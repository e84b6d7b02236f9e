package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// figures holds the values of each figure by the number of sockets.
type figures map[string]map[int][]float64

func (f figures) add(name, sockets string, values ...float64) error {
	n, err := strconv.Atoi(sockets)
	if err != nil {
		return err
	}
	if f[name] == nil {
		f[name] = make(map[int][]float64)
	}
	f[name][n] = append(f[name][n], values...)
	return nil
}

// readServers reads the file that compare writes. The names of the figures end in the
// number of sockets.
func (f figures) readServers(r io.Reader) error {
	var all struct {
		Figures []struct {
			Name   string
			Values map[string][]float64 // by variant
		}
	}
	if err := json.NewDecoder(r).Decode(&all); err != nil {
		return err
	}
	for _, one := range all.Figures {
		name, ok := strings.CutPrefix(one.Name, "growth_")
		if !ok {
			continue
		}
		name, sockets, _ := strings.Cut(name, "_")
		if err := f.add(name, sockets, one.Values["ranger"]...); err != nil {
			return fmt.Errorf("%s: %w", one.Name, err)
		}
	}
	return nil
}

// readInProcess reads the output of go test for benchmarks. The name of a figure is the
// name of the benchmark without the number of sockets, and the unit.
func (f figures) readInProcess(r io.Reader) error {
	result := regexp.MustCompile(`^Benchmark(\w+)/sockets=(\d+)(/\w+)?(?:-\d+)?\s+\d+\s+(.*)$`)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		m := result.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		values := strings.Fields(m[4])
		for i := 0; i+1 < len(values); i += 2 {
			v, err := strconv.ParseFloat(values[i], 64)
			if err == nil {
				err = f.add(m[1]+m[3]+" "+values[i+1], m[2], v)
			}
			if err != nil {
				return fmt.Errorf("%q: %w", lines.Text(), err)
			}
		}
	}
	return lines.Err()
}

// line returns the medians of a figure, in multiples of unit, by the number of sockets.
func (f figures) line(name, figure string, unit float64) (line, error) {
	l := line{name: name}
	for _, sockets := range slices.Sorted(maps.Keys(f[figure])) {
		v := slices.Sorted(slices.Values(f[figure][sockets]))
		if n := len(v); n > 0 {
			l.points = append(l.points, point{sockets, (v[(n-1)/2] + v[n/2]) / 2 / unit})
		}
	}
	if len(l.points) == 0 {
		return l, fmt.Errorf("figure %q: not measured", figure)
	}
	return l, nil
}
