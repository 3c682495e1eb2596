//! What workers count and the master exports: counters by name, and the steps of the histograms of latency.

use ewsd_wire::wire;

/// Upper ends of the steps in which the time of requests is counted, in microseconds.
pub const LATENCY_US: [u64; 14] = [
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    1_000_000,
    5_000_000,
    30_000_000,
    300_000_000,
];

macro_rules! counts {
    ($( $value:literal $variant:ident $metric:literal $help:literal )*) => {
        wire! {
            /// Counters that workers feed by `Tally` and the master exports.
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum Count { $( #[doc = $help] $value $variant )* }
        }

        impl Count {
            /// Every counter.
            pub const ALL: &[Count] = &[ $( Count::$variant, )* ];

            /// Its name in the metrics, without the `ewsd_` in front and the `_total` behind.
            pub fn metric(self) -> &'static str {
                match self { $( Count::$variant => $metric, )* }
            }

            /// Its line of help in the metrics.
            pub fn help(self) -> &'static str {
                match self { $( Count::$variant => $help, )* }
            }
        }
    };
}

counts! {
    0 Operations "operations" "SOAP operations run"
    1 Faults "faults" "SOAP faults answered"
    2 ResponseErrors "response_errors" "Response messages of class Error"
    3 AuthSuccesses "auth_successes" "Requests authenticated"
    4 AuthFailures "auth_failures" "Requests whose credentials were refused"
    5 AuthCacheHits "auth_cache_hits" "Requests authenticated from the shared cache"
    6 Deliveries "deliveries" "Messages delivered into a mailbox"
    7 DeliveryFailures "delivery_failures" "Recipients refused at delivery"
    8 Sent "sent" "Messages accepted for sending"
    9 EventsTold "events_told" "Notification events handed to clients"
    10 DatabaseErrors "database_errors" "Database calls that failed"
    11 DatabaseReconnects "database_reconnects" "Times a worker connected to the database again"
    12 NotImplemented "not_implemented" "Operations refused because they are not built"
    13 SubscriptionsExpired "subscriptions_expired" "Subscriptions removed after their timeout"
    14 OutgoingSent "outgoing_sent" "Recipients elsewhere whose message the smarthost took"
    15 OutgoingDeferred "outgoing_deferred" "Recipients elsewhere whose message has to be tried again"
    16 OutgoingFailed "outgoing_failed" "Recipients elsewhere who will not get their message"
    17 OutgoingReports "outgoing_reports" "Non-delivery reports put into senders' mailboxes"
    18 PushesHeard "pushes_heard" "Calls of subscribers that were heard"
    19 PushesFailed "pushes_failed" "Calls of subscribers that failed"
    20 Conversions "conversions" "Mails, bodies and files read by converters"
    21 ConversionMilliseconds "conversion_milliseconds" "Time that converters took, in milliseconds"
    22 ConversionDeaths "conversion_deaths" "Converters that died over what they read"
}
