package main

// Main runs the program.
var Main = main
