//! HTTP/1.1 framing: request heads, bodies, reply heads; bytes in, values out
