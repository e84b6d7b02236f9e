// Package toolcmd has the commands of the tools: audit, bench and sandbox. They check
// flags and connect internal/tools to a broker, keys and the terminal.
package toolcmd
