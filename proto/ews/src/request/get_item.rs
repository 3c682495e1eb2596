//! GetItem (MS-OXWSCORE 3.1.4.4).

use crate::record::{list, record};
use crate::shape::ItemShape;
use crate::target::BaseItemId;

record! {
    GetItem {
        attributes {}
        elements {
            "ItemShape" shape: required ItemShape, ItemShape::read;
            "ItemIds" items: required Vec<BaseItemId>, list(BaseItemId::read);
        }
    }
}
