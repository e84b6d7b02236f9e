// Package js holds the browser client, an ES module without dependencies, as
// files to be served: a page imports index.js as it is.
package js

import (
	"embed"
	"io/fs"
)

//go:embed *.js
var files embed.FS

// Files returns the module's files, of which index.js is the one to import. It
// is safe for concurrent use.
func Files() fs.FS { return files }
