//! Numbers that JSON can't hold. serde_json writes `null` in their place, and nobody would hear of it.

use std::fmt::Display;

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// Around a value, or around what it is written with: refuses a number that is NaN or infinite, and passes the
/// rest on as it is.
pub struct Finite<T>(pub T);

impl<T: Serialize + ?Sized> Serialize for Finite<&T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Finite(serializer))
    }
}

/// Methods that pass on what holds no number with a point.
macro_rules! pass {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method(self, $($name: $type),*) -> Result<S::Ok, S::Error> {
            self.0.$method($($name),*)
        }
    )*};
}

/// Methods that begin what holds other values.
macro_rules! begin {
    ($($method:ident($($name:ident: $type:ty),*) -> $begun:ident;)*) => {$(
        fn $method(self, $($name: $type),*) -> Result<Finite<S::$begun>, S::Error> {
            self.0.$method($($name),*).map(Finite)
        }
    )*};
}

/// Methods for a number with a point.
macro_rules! refuse {
    ($($method:ident($type:ty);)*) => {$(
        fn $method(self, number: $type) -> Result<S::Ok, S::Error> {
            match number.is_finite() {
                true => self.0.$method(number),
                false if number.is_nan() => Err(S::Error::custom("a number is NaN, which JSON can't hold")),
                false => Err(S::Error::custom("a number is infinite, which JSON can't hold")),
            }
        }
    )*};
}

impl<S: Serializer> Serializer for Finite<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Finite<S::SerializeSeq>;
    type SerializeTuple = Finite<S::SerializeTuple>;
    type SerializeTupleStruct = Finite<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Finite<S::SerializeTupleVariant>;
    type SerializeMap = Finite<S::SerializeMap>;
    type SerializeStruct = Finite<S::SerializeStruct>;
    type SerializeStructVariant = Finite<S::SerializeStructVariant>;

    refuse! {
        serialize_f32(f32);
        serialize_f64(f64);
    }

    pass! {
        serialize_bool(value: bool);
        serialize_i8(value: i8);
        serialize_i16(value: i16);
        serialize_i32(value: i32);
        serialize_i64(value: i64);
        serialize_i128(value: i128);
        serialize_u8(value: u8);
        serialize_u16(value: u16);
        serialize_u32(value: u32);
        serialize_u64(value: u64);
        serialize_u128(value: u128);
        serialize_char(value: char);
        serialize_str(value: &str);
        serialize_bytes(value: &[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(name: &'static str);
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str);
    }

    begin! {
        serialize_seq(len: Option<usize>) -> SerializeSeq;
        serialize_tuple(len: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> SerializeMap;
        serialize_struct(name: &'static str, len: usize) -> SerializeStruct;
        serialize_struct_variant(
            name: &'static str, index: u32, variant: &'static str, len: usize
        ) -> SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Finite(value))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Finite(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_variant(name, index, variant, &Finite(value))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// What holds other values: each is looked at.
macro_rules! hold {
    ($($held:ident: $method:ident($($key:ident: $type:ty)?);)*) => {$(
        impl<S: $held> $held for Finite<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, $($key: $type,)? value: &T) -> Result<(), S::Error> {
                self.0.$method($($key,)? &Finite(value))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.0.end()
            }
        }
    )*};
}

hold! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeStruct: serialize_field(key: &'static str);
    SerializeStructVariant: serialize_field(key: &'static str);
}

impl<S: SerializeMap> SerializeMap for Finite<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    /// What can be a key, JSON's serializer knows.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.0.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.0.serialize_value(&Finite(value))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    enum Shape {
        Nothing,
        Number(f64),
        Pair(u8, f32),
        Named { tag: (), number: Option<f64> },
    }

    #[derive(Serialize)]
    struct Newtype(f64);

    #[derive(Serialize)]
    struct Pair(i128, f64);

    fn all(number: f64) -> [Result<String, String>; 9] {
        fn written(value: impl Serialize) -> Result<String, String> {
            serde_json::to_string(&Finite(&value)).map_err(|error| error.to_string())
        }
        [
            written(number),
            written(vec![vec![1.0], vec![number]]),
            written((true, 'a', number as f32)),
            written(BTreeMap::from([("a", number)])),
            written(Shape::Number(number)),
            written([Shape::Nothing, Shape::Pair(1, number as f32)]),
            written(Shape::Named { tag: (), number: Some(number) }),
            written(Newtype(number)),
            written(Pair(-1, number)),
        ]
    }

    #[test]
    fn numbers_are_finite_wherever_they_are() {
        for (number, word) in [(f64::NAN, "NaN"), (f64::INFINITY, "infinite"), (f64::NEG_INFINITY, "infinite")] {
            for written in all(number) {
                assert_eq!(written, Err(format!("a number is {word}, which JSON can't hold")));
            }
        }
    }

    #[test]
    fn all_else_is_written_as_ever() {
        let written = all(0.5).map(Result::unwrap_or_default);
        let expected = [
            "0.5",
            "[[1.0],[0.5]]",
            "[true,\"a\",0.5]",
            "{\"a\":0.5}",
            "{\"Number\":0.5}",
            "[\"Nothing\",{\"Pair\":[1,0.5]}]",
            "{\"Named\":{\"tag\":null,\"number\":0.5}}",
            "0.5",
            "[-1,0.5]",
        ];
        assert_eq!(written, expected);
    }
}
