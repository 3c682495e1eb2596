//! The one place where workers take random bytes (getrandom(2)).

use std::cell::Cell;

use ewsd_model::id::Guid;

/// Fills `bytes`. The kernel's generator fails only before it is seeded, long before this server starts; should it fail all
/// the same, the process ends: nothing that needs randomness is sound without it.
pub fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        ::log::error!("the kernel gives no random bytes");
        std::process::abort();
    }
}

pub fn array<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// A random GUID (RFC 9562, version 4).
pub fn guid() -> Guid {
    Guid(uuid::Builder::from_random_bytes(array()).into_uuid().into_bytes())
}

/// An id that no other request of this server has: half of it is random once per process, half of it counts.
pub fn request_id() -> Guid {
    thread_local! {
        static LAST: Cell<u128> = Cell::new(u128::from_be_bytes(array()));
    }
    let next = LAST.get().wrapping_add(1);
    LAST.set(next);
    Guid(next.to_be_bytes())
}

#[cfg(test)]
mod tests {
    #[test]
    fn guids_are_of_version_4() {
        let guid = uuid::Uuid::from_bytes(super::guid().0);
        assert_eq!((guid.get_version_num(), guid.get_variant()), (4, uuid::Variant::RFC4122));
        assert_ne!(super::guid(), super::guid());
    }
}
