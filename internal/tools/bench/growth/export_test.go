package main

// Run is a door for the tests.
var Run = run
