//! What master and workers say to each other: messages, framing, descriptor passing
