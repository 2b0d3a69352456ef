//! Libraries of the original system, one JSON file each, as agents.
mod json;
mod modules;
mod names;
mod prompt;
mod read;
mod shape;
mod words;
