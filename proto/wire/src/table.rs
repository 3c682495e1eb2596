//! [`wire!`](crate::wire): a declaration that is struct or enum, writer and reader in one.

/// Declares structs, newtypes and enums that can be written and read. A field is as its type says ([`Wire`](crate::Wire)), or
/// laid out by a [`Form`](crate::form::Form) behind `as`; every bound is one of a form.
///
/// - `struct Name version 1 pad 8 { field: u64, text: String as Text<128> }`: in this order, behind the version's octet if one is
///   named (bytes of another version are refused), then so many octets that are 0.
/// - `struct Name(Vec<u8> as Bytes<512>);`: only the field, with `From` of it.
/// - `enum Name version 1 { 0 Unit 1 One(value: u32) 2 More { a: u8, b: u8 } pad 8 }`: the number's octet, then the fields, padded.
///   `fds 1` behind a variant: so many descriptors travel with it.
///
/// ```
/// use ewsd_wire::form::Text;
/// ewsd_wire::wire! {
///     /// Somebody.
///     #[derive(Debug, PartialEq)]
///     pub struct Person version 1 { pub age: u16, pub name: String as Text<8> }
/// }
/// let anna = Person { age: 41, name: "Anna".into() };
/// let bytes = ewsd_wire::to_bytes(&anna);
/// assert_eq!(bytes, b"\x01\x29\0\x04Anna");
/// assert_eq!(ewsd_wire::from_bytes(&bytes), Ok(anna));
/// ```
#[macro_export]
macro_rules! wire {
    () => {};

    (
        $(#[$meta:meta])* $vis:vis struct $name:ident $(version $version:literal)? $(pad $pad:literal)? {
            $( $(#[$fmeta:meta])* $fvis:vis $field:ident : $ty:ty $(as $form:ty)? ),* $(,)?
        }
        $($more:tt)*
    ) => {
        $(#[$meta])*
        $vis struct $name { $( $(#[$fmeta])* $fvis $field: $ty, )* }

        impl $crate::Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $( out.push($version); )?
                $( <$crate::form!($($form)?) as $crate::form::Form<$ty>>::put(&self.$field, out); )*
                $( out.extend_from_slice(&[0; $pad]); )?
            }
            fn get(reader: &mut $crate::Reader<'_>) -> ::std::result::Result<Self, $crate::Refused> {
                $( $crate::codec::expect(reader, $version, concat!("version of ", stringify!($name)))?; )?
                let value = $name { $( $field: <$crate::form!($($form)?) as $crate::form::Form<$ty>>::get(
                    reader, concat!(stringify!($name), ".", stringify!($field)))?, )* };
                $( $crate::codec::zeros(reader, $pad, stringify!($name))?; )?
                Ok(value)
            }
            fn descriptors(&self) -> usize {
                0 $( + <$crate::form!($($form)?) as $crate::form::Form<$ty>>::descriptors(&self.$field) )*
            }
        }

        $crate::wire! { $($more)* }
    };

    (
        $(#[$meta:meta])* $vis:vis struct $name:ident ( $fvis:vis $ty:ty $(as $form:ty)? );
        $($more:tt)*
    ) => {
        $(#[$meta])*
        $vis struct $name($fvis $ty);

        impl $crate::Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                <$crate::form!($($form)?) as $crate::form::Form<$ty>>::put(&self.0, out);
            }
            fn get(reader: &mut $crate::Reader<'_>) -> ::std::result::Result<Self, $crate::Refused> {
                <$crate::form!($($form)?) as $crate::form::Form<$ty>>::get(reader, stringify!($name)).map($name)
            }
            fn descriptors(&self) -> usize {
                <$crate::form!($($form)?) as $crate::form::Form<$ty>>::descriptors(&self.0)
            }
        }

        impl From<$ty> for $name {
            fn from(value: $ty) -> Self {
                $name(value)
            }
        }

        $crate::wire! { $($more)* }
    };

    (
        $(#[$meta:meta])* $vis:vis enum $name:ident $(version $version:literal)? {
            $(
                $(#[$vmeta:meta])* $tag:literal $variant:ident
                $( ( $one:ident : $one_ty:ty $(as $one_form:ty)? ) )?
                $( { $( $(#[$fmeta:meta])* $field:ident : $ty:ty $(as $form:ty)? ),* $(,)? } )?
                $( fds $fds:literal )? $( pad $pad:literal )?
            )*
        }
        $($more:tt)*
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $( $(#[$vmeta])* $variant $( ($one_ty) )? $( { $( $(#[$fmeta])* $field: $ty, )* } )?, )*
        }

        impl $crate::Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                $( out.push($version); )?
                match self { $(
                    $name::$variant $( ($one) )? $( { $($field),* } )? => {
                        out.push($tag);
                        $( <$crate::form!($($one_form)?) as $crate::form::Form<$one_ty>>::put($one, out); )?
                        $( $( <$crate::form!($($form)?) as $crate::form::Form<$ty>>::put($field, out); )* )?
                        $( out.extend_from_slice(&[0; $pad]); )?
                    }
                )* }
            }
            fn get(reader: &mut $crate::Reader<'_>) -> ::std::result::Result<Self, $crate::Refused> {
                $( $crate::codec::expect(reader, $version, concat!("version of ", stringify!($name)))?; )?
                match <u8 as $crate::Wire>::get(reader)? {
                    $( $tag => {
                        $( let $one = <$crate::form!($($one_form)?) as $crate::form::Form<$one_ty>>::get(
                            reader, concat!(stringify!($name), "::", stringify!($variant)))?; )?
                        $( $( let $field = <$crate::form!($($form)?) as $crate::form::Form<$ty>>::get(
                            reader, concat!(stringify!($name), "::", stringify!($variant), ".", stringify!($field)))?; )* )?
                        $( $crate::codec::zeros(reader, $pad, stringify!($name))?; )?
                        Ok($name::$variant $( ($one) )? $( { $($field),* } )?)
                    } )*
                    _ => Err($crate::Refused::BadValue(stringify!($name))),
                }
            }
            fn descriptors(&self) -> usize {
                match self { $(
                    $name::$variant $( ($one) )? $( { $($field),* } )? => {
                        0 $( + $fds )?
                        $( + <$crate::form!($($one_form)?) as $crate::form::Form<$one_ty>>::descriptors($one) )?
                        $( $( + <$crate::form!($($form)?) as $crate::form::Form<$ty>>::descriptors($field) )* )?
                    }
                )* }
            }
        }

        $crate::wire! { $($more)* }
    };
}

/// The form that a row names, else [`Plain`](crate::form::Plain).
#[doc(hidden)]
#[macro_export]
macro_rules! form {
    () => {
        $crate::form::Plain
    };
    ($form:ty) => {
        $form
    };
}
