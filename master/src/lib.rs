//! The master: accepts, forks, receives, hands out, holds, answers, drains
