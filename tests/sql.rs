//! Databases, against real ones: SQLite files, and a PostgreSQL server that the test starts.

mod postgres;
mod postgres_tls;
mod sqlite;
