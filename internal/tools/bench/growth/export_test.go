package main

// Run runs the program.
var Run = run
