//! EWS on the wire: XML cursor and writer, SOAP, records, property reader and writer
