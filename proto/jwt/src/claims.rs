//! What a token says of itself (RFC 7519 section 4.1): who made it, for whom, until when, and whom it names.

use serde_json::Value;

use crate::Reason;

/// What a token must say to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// Who made it. Empty: nobody is believed.
    pub issuer: &'e str,
    /// Our names; one of them is enough.
    pub audiences: &'e [String],
    /// What its bearer must be allowed. Empty: nothing.
    pub scope: &'e str,
    /// Seconds by which its maker's clock may differ.
    pub skew_seconds: u64,
}

impl Expected<'_> {
    /// Whether the claims are for us, at `now` (seconds since 1970).
    ///
    /// # Errors
    /// Why they are not.
    pub fn check(&self, claims: &Value, now: u64) -> Result<(), Reason> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        let (now, skew) = (now as f64, self.skew_seconds as f64);
        // Without an end it would be good for ever.
        match time("exp") {
            Some(end) if end + skew > now => {}
            _ => return Err("an expired token"),
        }
        if ["nbf", "iat"].into_iter().filter_map(time).any(|begin| begin - skew > now) {
            return Err("a token of the future");
        }
        if self.issuer.is_empty() || text("iss") != Some(self.issuer) {
            return Err("a token of another issuer");
        }
        let for_us = |audience: &str| self.audiences.iter().any(|own| own == audience);
        let audience = match claims.get("aud") {
            Some(Value::String(audience)) => for_us(audience),
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(for_us),
            _ => false,
        };
        if !audience {
            return Err("a token for somebody else");
        }
        // What tells a client who somebody is (OpenID Connect Core 2) says nothing of what he may; its audience is that client,
        // which may have our name. Of these claims only `nonce` is in some providers' access tokens, which have a scope.
        let is_scoped = ["scp", "scope"].iter().any(|name| claims.get(name).is_some());
        let has = |name: &str| claims.get(name).is_some();
        if has("at_hash") || has("c_hash") || text("typ") == Some("ID") || has("nonce") && !is_scoped {
            return Err("an ID token");
        }
        let scopes = ["scp", "scope"].into_iter().filter_map(|name| claims.get(name));
        let mut has = scopes.flat_map(|scope| match scope {
            Value::String(list) => list.split(' ').map(str::to_owned).collect(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        });
        if !self.scope.is_empty() && !has.any(|scope| scope == self.scope) {
            return Err("a token without the scope");
        }
        Ok(())
    }
}

/// Whom the claims name: the first of `wanted` that the token has at all decides, whether it is somebody's here or not. What stands
/// behind it may be of the bearer's own choice (OpenID Connect Core 5.7), and would make him somebody else as soon as the first is
/// nobody's. An address counts only where the provider has verified it (5.1).
///
/// # Errors
/// It names nobody.
pub fn bearer<'c>(claims: &'c Value, wanted: &[String]) -> Result<&'c str, Reason> {
    let present = wanted.iter().find_map(|name| Some((name, claims.get(name)?)));
    let (name, value) = present.ok_or("a token with none of auth.token_claims")?;
    if name == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
        return Err("a token whose address is not verified");
    }
    value.as_str().filter(|name| !name.is_empty()).ok_or("a token that names nobody")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_claim_that_is_there_decides() {
        let three = ["upn", "preferred_username", "email"].as_slice();
        let (mallory, boss) = ("mallory", "boss@example.test");
        let unverified = json!({"preferred_username": mallory, "email": boss, "email_verified": false});
        for (wanted, said, expected) in [
            (&["upn"][..], json!({"upn": "anna", "email": boss}), Ok("anna")),
            (&["upn"], unverified.clone(), Err("a token with none of auth.token_claims")),
            (three, unverified, Ok(mallory)),
            (three, json!({"upn": "", "email": boss, "email_verified": true}), Err("a token that names nobody")),
            (three, json!({"upn": null, "preferred_username": boss}), Err("a token that names nobody")),
            (three, json!({"upn": [boss], "preferred_username": boss}), Err("a token that names nobody")),
            (&["email"], json!({"email": boss, "email_verified": true}), Ok(boss)),
            (&["email"], json!({"email": boss, "email_verified": false}), Err("a token whose address is not verified")),
            (&["email"], json!({"email": boss, "email_verified": "no"}), Err("a token whose address is not verified")),
            (&["email"], json!({"email": boss}), Err("a token whose address is not verified")),
            (&["email", "upn"], json!({"email": boss, "upn": "anna"}), Err("a token whose address is not verified")),
            (&["sub"], json!({"sub": "7f3a", "email": boss}), Ok("7f3a")),
        ] {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(bearer(&said, &wanted), expected, "{wanted:?} of {said}");
        }
    }
}
