//! Which properties an answer shall have (MS-OXWSCDATA: ItemResponseShapeType, FolderResponseShapeType; MS-OXWSATT:
//! AttachmentResponseShapeType).

use ewsd_model::path::Path;

use crate::cursor::Read;
use crate::record::{list, record, text, value};
use crate::word::BaseShape;
use ewsd_model::value::BodyFormat;

record! {
    /// The shape of items.
    ItemShape {
        attributes {}
        elements {
            "BaseShape" base: required BaseShape, value;
            "IncludeMimeContent" include_mime: default bool, value;
            /// Best when not said.
            "BodyType" body_type: optional BodyFormat, value;
            "UniqueBodyType" unique_body_type: optional BodyFormat, value;
            "NormalizedBodyType" normalized_body_type: optional BodyFormat, value;
            "FilterHtmlContent" filter_html: default bool, value;
            /// True when not said.
            "ConvertHtmlCodePageToUTF8" convert_code_page: optional bool, value;
            "InlineImageUrlTemplate" inline_image_template: optional String, text;
            "BlockExternalImages" block_external_images: default bool, value;
            "AddBlankTargetToLinks" add_blank_target: default bool, value;
            /// Octets of the body after which it is cut; 0 and less: never.
            "MaximumBodySize" max_body_size: optional i32, value;
            "AdditionalProperties" additional: default Vec<Path>, list(Path::read);
        }
    }
}

record! {
    /// The shape of folders.
    FolderShape {
        attributes {}
        elements {
            "BaseShape" base: required BaseShape, value;
            "AdditionalProperties" additional: default Vec<Path>, list(Path::read);
        }
    }
}

record! {
    /// The shape of attached items.
    AttachmentShape {
        attributes {}
        elements {
            "IncludeMimeContent" include_mime: default bool, value;
            /// Best when not said.
            "BodyType" body_type: optional BodyFormat, value;
            "FilterHtmlContent" filter_html: default bool, value;
            "AdditionalProperties" additional: default Vec<Path>, list(Path::read);
        }
    }
}
