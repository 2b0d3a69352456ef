//! Values in and out. All that PostgreSQL has no binary form for that is plain to read goes as text,
//! which the server itself makes and reads.

use std::{error::Error as StdError, fmt};

use bytes::{BufMut, BytesMut};
use tokio_postgres::{
    Row,
    types::{Format, IsNull, ToSql, Type, to_sql_checked},
};

use crate::capability::sql::{Cell, Error, MAX_CELL, too_long};

/// A value for a parameter, as text that the server reads by the parameter's type.
#[derive(Debug)]
pub(super) struct Parameter(Option<String>);

/// A value that no parameter of its type can be.
#[derive(Debug)]
pub(super) struct Unfit;

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a parameter doesn't fit")
    }
}

impl StdError for Unfit {}

/// Makes the parameters.
pub(super) fn fit(cells: &[Cell], types: &[Type]) -> Result<Vec<Parameter>, Error> {
    if cells.len() != types.len() {
        let (takes, given) = (types.len(), cells.len());
        return Err(Error::Statement(format!("the statement takes {takes} parameters, not {given}")));
    }
    let fit = |(index, (cell, ty)): (usize, (&Cell, &Type))| {
        let wrong = |why: &str| Err(Error::Statement(format!("parameter {}: {why}", index + 1)));
        Ok(Parameter(match cell {
            Cell::Null => None,
            Cell::Boolean(flag) => Some(if *flag { "true" } else { "false" }.into()),
            Cell::Integer(number) => Some(number.to_string()),
            Cell::Real(number) if number.is_infinite() => {
                Some(if *number > 0.0 { "Infinity" } else { "-Infinity" }.into())
            }
            Cell::Real(number) => Some(number.to_string()),
            Cell::Text(text) if text.contains('\0') => return wrong("PostgreSQL has no texts with a NUL"),
            Cell::Text(text) if *ty == Type::BYTEA => Some(hex(text.as_bytes())),
            Cell::Text(text) => Some(text.clone()),
            Cell::Data(data) if *ty == Type::BYTEA => Some(hex(data)),
            Cell::Data(_) => return wrong(&format!("data is for a bytea, and this is a {ty}")),
        }))
    };
    cells.iter().zip(types).enumerate().map(fit).collect()
}

fn hex(data: &[u8]) -> String {
    use fmt::Write as _;
    data.iter().fold(String::from("\\x"), |mut text, byte| {
        // A string takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl ToSql for Parameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match &self.0 {
            Some(text) if i32::try_from(text.len()).is_err() => Err(Box::new(Unfit)),
            Some(text) => {
                out.put_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// The columns `c0`, `c1`, … in a form that [`cells`] reads; nothing where they have it already.
pub(super) fn readable(types: &[&Type]) -> Option<String> {
    let fixed = |ty: &Type| [Type::BOOL, Type::INT2, Type::INT4, Type::INT8, Type::FLOAT4, Type::FLOAT8].contains(ty);
    if types.iter().all(|ty| fixed(ty)) {
        return None;
    }
    // One more than may be, to know whether there is more; no row is read that is too large.
    let most = MAX_CELL + 1;
    let column = |(index, ty): (usize, &&Type)| match ty {
        ty if fixed(ty) => format!("\"c{index}\""),
        ty if **ty == Type::BYTEA => format!("pg_catalog.substr(\"c{index}\", 1, {most})"),
        _ => format!("pg_catalog.\"left\"(\"c{index}\"::text, {most})"),
    };
    Some(types.iter().enumerate().map(column).collect::<Vec<_>>().join(", "))
}

/// The values of a row.
pub(super) fn cells(row: &Row) -> Result<Vec<Cell>, Error> {
    let cell = |(index, column): (usize, &tokio_postgres::Column)| {
        let cell = match *column.type_() {
            Type::BOOL => row.try_get::<_, Option<bool>>(index).map(|value| value.map(Cell::Boolean)),
            Type::INT2 => row.try_get::<_, Option<i16>>(index).map(|value| value.map(|n| Cell::Integer(n.into()))),
            Type::INT4 => row.try_get::<_, Option<i32>>(index).map(|value| value.map(|n| Cell::Integer(n.into()))),
            Type::INT8 => row.try_get::<_, Option<i64>>(index).map(|value| value.map(Cell::Integer)),
            Type::FLOAT4 => row.try_get::<_, Option<f32>>(index).map(|value| value.map(|n| Cell::Real(n.into()))),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(index).map(|value| value.map(Cell::Real)),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index).map(|value| value.map(Cell::Data)),
            _ => row.try_get::<_, Option<String>>(index).map(|value| value.map(Cell::Text)),
        };
        let cell = cell.map_err(|_| Error::Database(format!("the column `{}` can't be read", column.name())))?;
        let length = match &cell {
            Some(Cell::Text(text)) => text.chars().count(),
            Some(Cell::Data(data)) => data.len(),
            _ => 0,
        };
        if length > MAX_CELL { Err(too_long()) } else { Ok(cell.unwrap_or(Cell::Null)) }
    };
    row.columns().iter().enumerate().map(cell).collect()
}
