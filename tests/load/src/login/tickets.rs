//! The process of a client of Kerberos, which finds its tickets by the environment: makes so many proofs and prints them, a line each.

use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use libgssapi::context::{ClientCtx, CtxFlags};
use libgssapi::name::Name;
use libgssapi::oid::{GSS_MECH_KRB5, GSS_NT_KRB5_PRINCIPAL};

use crate::error::{During, Error, Result};

#[derive(Debug, Args)]
pub struct Options {
    /// The principal of the service that they are for.
    service: String,
    /// How many.
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    proofs: u32,
}

pub fn run(options: &Options) -> Result {
    let service = Name::new(options.service.as_bytes(), Some(GSS_NT_KRB5_PRINCIPAL)).during(&options.service)?;
    let mut out = std::io::stdout().lock();
    for _ in 0..options.proofs {
        // As browsers and curl ask: the server proves itself, too.
        let mut context = ClientCtx::new(
            None,
            service.duplicate().during(&options.service)?,
            CtxFlags::GSS_C_MUTUAL_FLAG,
            Some(GSS_MECH_KRB5),
        );
        let token = context.step(None, None).during("a proof")?.ok_or_else(|| Error::new("a proof of no octets"))?;
        writeln!(out, "{}", STANDARD.encode(&*token))?;
    }
    Ok(())
}
