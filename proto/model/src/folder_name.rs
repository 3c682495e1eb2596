//! What folders are called, by language: as Outlook and Exchange show them, since that is what clients look for where they
//! know no ids.
//!
//! A language is a line of [`LANGUAGES`] and a row of each kind of names. Regions that speak it differently are lines of their own
//! (`zh-TW`, `pt-PT`); all others fall back to the language, and to English at last.

/// Languages with names of their own, besides English.
pub const LANGUAGES: [&str; 35] = [
    "de", "fr", "es", "it", "nl", "pt", "ja", "pl", "da", "sv", "nb", "fi", "cs", "sk", "hu", "ru", "uk", "bg", "tr",
    "el", "ro", "hr", "sl", "lv", "et", "he", "ar", "th", "vi", "id", "ca", "ko", "zh", "zh-TW", "pt-PT",
];

/// Tags by which a language, or the way that a region speaks it, goes as well. The longest that fits counts.
const ALSO: &[(&str, &str)] = &[
    ("no", "nb"),
    ("nn", "nb"),
    ("iw", "he"),
    ("in", "id"),
    ("zh-hant", "zh-TW"),
    ("zh-hk", "zh-TW"),
    ("zh-mo", "zh-TW"),
    ("pt-ao", "pt-PT"),
    ("pt-mz", "pt-PT"),
];

/// The folders that everybody sees, in the order of a row of [`USUAL`].
const USUAL_FOLDERS: [&str; 13] = [
    "inbox",
    "drafts",
    "sentitems",
    "deleteditems",
    "outbox",
    "junkemail",
    "archive",
    "calendar",
    "contacts",
    "tasks",
    "notes",
    "journal",
    "conversationhistory",
];

#[rustfmt::skip]
const USUAL: [[&str; 13]; LANGUAGES.len()] = [
    /* de    */ ["Posteingang", "Entwürfe", "Gesendete Elemente", "Gelöschte Elemente", "Postausgang", "Junk-E-Mail", "Archiv", "Kalender", "Kontakte", "Aufgaben", "Notizen", "Journal", "Aufgezeichnete Unterhaltungen"],
    /* fr    */ ["Boîte de réception", "Brouillons", "Éléments envoyés", "Éléments supprimés", "Boîte d’envoi", "Courrier indésirable", "Archive", "Calendrier", "Contacts", "Tâches", "Notes", "Journal", "Historique des conversations"],
    /* es    */ ["Bandeja de entrada", "Borradores", "Elementos enviados", "Elementos eliminados", "Bandeja de salida", "Correo no deseado", "Archivo", "Calendario", "Contactos", "Tareas", "Notas", "Diario", "Historial de conversaciones"],
    /* it    */ ["Posta in arrivo", "Bozze", "Posta inviata", "Posta eliminata", "Posta in uscita", "Posta indesiderata", "Archivio", "Calendario", "Contatti", "Attività", "Note", "Diario", "Cronologia conversazioni"],
    /* nl    */ ["Postvak IN", "Concepten", "Verzonden items", "Verwijderde items", "Postvak UIT", "Ongewenste e-mail", "Archief", "Agenda", "Contactpersonen", "Taken", "Notities", "Logboek", "Gespreksgeschiedenis"],
    /* pt    */ ["Caixa de Entrada", "Rascunhos", "Itens Enviados", "Itens Excluídos", "Caixa de Saída", "Lixo Eletrônico", "Arquivo Morto", "Calendário", "Contatos", "Tarefas", "Anotações", "Diário", "Histórico de Conversas"],
    /* ja    */ ["受信トレイ", "下書き", "送信済みアイテム", "削除済みアイテム", "送信トレイ", "迷惑メール", "アーカイブ", "予定表", "連絡先", "タスク", "メモ", "履歴", "会話の履歴"],
    /* pl    */ ["Skrzynka odbiorcza", "Wersje robocze", "Elementy wysłane", "Elementy usunięte", "Skrzynka nadawcza", "Wiadomości-śmieci", "Archiwum", "Kalendarz", "Kontakty", "Zadania", "Notatki", "Dziennik", "Historia konwersacji"],
    /* da    */ ["Indbakke", "Kladder", "Sendt post", "Slettet post", "Udbakke", "Uønsket mail", "Arkiv", "Kalender", "Kontakter", "Opgaver", "Noter", "Journal", "Samtaleoversigt"],
    /* sv    */ ["Inkorgen", "Utkast", "Skickat", "Borttaget", "Utkorgen", "Skräppost", "Arkiv", "Kalender", "Kontakter", "Uppgifter", "Anteckningar", "Journal", "Konversationshistorik"],
    /* nb    */ ["Innboks", "Kladd", "Sendte elementer", "Slettede elementer", "Utboks", "Søppelpost", "Arkiv", "Kalender", "Kontakter", "Oppgaver", "Notater", "Logg", "Samtalelogg"],
    /* fi    */ ["Saapuneet", "Luonnokset", "Lähetetyt", "Poistetut", "Lähtevät", "Roskaposti", "Arkisto", "Kalenteri", "Yhteystiedot", "Tehtävät", "Muistilaput", "Päiväkirja", "Keskusteluhistoria"],
    /* cs    */ ["Doručená pošta", "Koncepty", "Odeslaná pošta", "Odstraněná pošta", "Pošta k odeslání", "Nevyžádaná pošta", "Archiv", "Kalendář", "Kontakty", "Úkoly", "Poznámky", "Deník", "Historie konverzací"],
    /* sk    */ ["Doručená pošta", "Koncepty", "Odoslaná pošta", "Odstránená pošta", "Pošta na odoslanie", "Nevyžiadaná pošta", "Archív", "Kalendár", "Kontakty", "Úlohy", "Poznámky", "Denník", "História konverzácií"],
    /* hu    */ ["Beérkezett üzenetek", "Piszkozatok", "Elküldött elemek", "Törölt elemek", "Postázandó üzenetek", "Levélszemét", "Archívum", "Naptár", "Névjegyek", "Feladatok", "Feljegyzések", "Napló", "Beszélgetési előzmények"],
    /* ru    */ ["Входящие", "Черновики", "Отправленные", "Удаленные", "Исходящие", "Нежелательная почта", "Архив", "Календарь", "Контакты", "Задачи", "Заметки", "Дневник", "Журнал бесед"],
    /* uk    */ ["Вхідні", "Чернетки", "Надіслані", "Видалені", "Вихідні", "Небажана пошта", "Архів", "Календар", "Контакти", "Завдання", "Нотатки", "Щоденник", "Журнал розмов"],
    /* bg    */ ["Входящи", "Чернови", "Изпратени елементи", "Изтрити елементи", "Изходящи", "Нежелана поща", "Архив", "Календар", "Контакти", "Задачи", "Бележки", "Дневник", "История на разговорите"],
    /* tr    */ ["Gelen Kutusu", "Taslaklar", "Gönderilmiş Öğeler", "Silinmiş Öğeler", "Giden Kutusu", "Önemsiz E-posta", "Arşiv", "Takvim", "Kişiler", "Görevler", "Notlar", "Günlük", "Konuşma Geçmişi"],
    /* el    */ ["Εισερχόμενα", "Πρόχειρα", "Απεσταλμένα", "Διαγραμμένα", "Εξερχόμενα", "Ανεπιθύμητη αλληλογραφία", "Αρχειοθήκη", "Ημερολόγιο", "Επαφές", "Εργασίες", "Σημειώσεις", "Χρονικό", "Ιστορικό συνομιλιών"],
    /* ro    */ ["Inbox", "Schițe", "Elemente trimise", "Elemente șterse", "Outbox", "E-mail nedorit", "Arhivă", "Calendar", "Persoane de contact", "Activități", "Note", "Jurnal", "Istoric conversații"],
    /* hr    */ ["Ulazna pošta", "Skice", "Poslane stavke", "Izbrisane stavke", "Izlazna pošta", "Bezvrijedna pošta", "Arhiva", "Kalendar", "Kontakti", "Zadaci", "Bilješke", "Dnevnik", "Povijest razgovora"],
    /* sl    */ ["Prejeto", "Osnutki", "Poslano", "Izbrisano", "V pošiljanju", "Neželena e-pošta", "Arhiv", "Koledar", "Stiki", "Opravila", "Opombe", "Dnevnik", "Zgodovina pogovorov"],
    /* lv    */ ["Iesūtne", "Melnraksti", "Nosūtītie vienumi", "Izdzēstie vienumi", "Izsūtne", "Nevēlamais e-pasts", "Arhīvs", "Kalendārs", "Kontaktpersonas", "Uzdevumi", "Piezīmes", "Žurnāls", "Sarunu vēsture"],
    /* et    */ ["Sisendkaust", "Mustandid", "Saadetud üksused", "Kustutatud üksused", "Väljundkaust", "Rämpspost", "Arhiiv", "Kalender", "Kontaktid", "Ülesanded", "Märkmed", "Päevik", "Vestlusajalugu"],
    /* he    */ ["דואר נכנס", "טיוטות", "פריטים שנשלחו", "פריטים שנמחקו", "דואר יוצא", "דואר זבל", "ארכיון", "לוח שנה", "אנשי קשר", "משימות", "פתקים", "יומן", "היסטוריית שיחות"],
    /* ar    */ ["علبة الوارد", "المسودات", "العناصر المرسلة", "العناصر المحذوفة", "علبة الصادر", "البريد الإلكتروني غير الهام", "الأرشيف", "التقويم", "جهات الاتصال", "المهام", "الملاحظات", "دفتر اليومية", "محفوظات المحادثات"],
    /* th    */ ["กล่องจดหมายเข้า", "แบบร่าง", "รายการที่ถูกส่ง", "รายการที่ถูกลบ", "กล่องจดหมายออก", "อีเมลขยะ", "เก็บถาวร", "ปฏิทิน", "ที่ติดต่อ", "งาน", "บันทึกย่อ", "สมุดรายวัน", "ประวัติการสนทนา"],
    /* vi    */ ["Hộp thư đến", "Thư nháp", "Mục đã gửi", "Mục đã xóa", "Hộp thư đi", "Email rác", "Lưu trữ", "Lịch", "Liên hệ", "Tác vụ", "Ghi chú", "Nhật ký", "Lịch sử cuộc hội thoại"],
    /* id    */ ["Kotak Masuk", "Draf", "Item Terkirim", "Item Dihapus", "Kotak Keluar", "Email Sampah", "Arsip", "Kalender", "Kontak", "Tugas", "Catatan", "Jurnal", "Riwayat Percakapan"],
    /* ca    */ ["Safata d'entrada", "Esborranys", "Elements enviats", "Elements suprimits", "Safata de sortida", "Correu brossa", "Arxiu", "Calendari", "Contactes", "Tasques", "Notes", "Diari", "Historial de converses"],
    /* ko    */ ["받은 편지함", "임시 보관함", "보낸 편지함", "지운 편지함", "보낼 편지함", "정크 메일", "보관", "일정", "연락처", "작업", "메모", "업무 일지", "대화 내용"],
    /* zh    */ ["收件箱", "草稿", "已发送邮件", "已删除邮件", "发件箱", "垃圾邮件", "存档", "日历", "联系人", "任务", "便笺", "日记", "对话历史记录"],
    /* zh-TW */ ["收件匣", "草稿", "寄件備份", "刪除的郵件", "寄件匣", "垃圾郵件", "封存", "行事曆", "連絡人", "工作", "記事", "日誌", "交談記錄"],
    /* pt-PT */ ["Caixa de Entrada", "Rascunhos", "Itens Enviados", "Itens Eliminados", "A Enviar", "E-mail de Lixo", "Arquivo", "Calendário", "Contactos", "Tarefas", "Notas", "Diário", "Histórico de Conversações"],
];

/// Folders that few see, in the order of a row of [`RARE`]; called by their English names in languages after the last row.
const RARE_FOLDERS: [&str; 5] = ["syncissues", "conflicts", "localfailures", "serverfailures", "voicemail"];

#[rustfmt::skip]
const RARE: &[[&str; 5]] = &[
    /* de    */ ["Synchronisierungsprobleme", "Konflikte", "Lokale Fehler", "Serverfehler", "Sprachnachrichten"],
    /* fr    */ ["Problèmes de synchronisation", "Conflits", "Échecs locaux", "Échecs du serveur", "Messagerie vocale"],
    /* es    */ ["Problemas de sincronización", "Conflictos", "Errores locales", "Errores del servidor", "Correo de voz"],
    /* it    */ ["Problemi di sincronizzazione", "Conflitti", "Errori locali", "Errori del server", "Posta vocale"],
    /* nl    */ ["Synchronisatieproblemen", "Conflicten", "Lokale fouten", "Serverfouten", "Voicemail"],
    /* pt    */ ["Problemas de Sincronização", "Conflitos", "Falhas Locais", "Falhas do Servidor", "Correio de Voz"],
    /* ja    */ ["同期の問題", "競合", "ローカルの失敗", "サーバーの失敗", "ボイス メール"],
    /* pl    */ ["Problemy z synchronizacją", "Konflikty", "Błędy lokalne", "Błędy serwera", "Poczta głosowa"],
];

/// The place in [`LANGUAGES`] of a tag such as `de`, `de-AT`, `zh_Hant_HK`; none: there are no names.
fn place(tag: &str) -> Option<usize> {
    let tag = tag.replace('_', "-").to_ascii_lowercase();
    let starts = |prefix: &str| {
        let rest =
            tag.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)).and(tag.get(prefix.len()..));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let known = LANGUAGES.iter().map(|code| (*code, *code)).chain(ALSO.iter().copied());
    let (_, code) = known.filter(|(prefix, _)| starts(prefix)).max_by_key(|(prefix, _)| prefix.len())?;
    LANGUAGES.iter().position(|known| *known == code)
}

/// Whether folders have names in the language of that tag, English among them.
#[must_use]
pub fn speaks(tag: &str) -> bool {
    place(tag).is_some() || tag.split(['-', '_']).next().is_some_and(|primary| primary.eq_ignore_ascii_case("en"))
}

/// The name of a distinguished folder in the language of a tag; none: it goes by its English name there.
pub(crate) fn name(folder: &str, tag: &str) -> Option<&'static str> {
    let place = place(tag)?;
    let usual = USUAL_FOLDERS.iter().position(|name| *name == folder).and_then(|at| USUAL.get(place)?.get(at));
    let rare = || RARE_FOLDERS.iter().position(|name| *name == folder).and_then(|at| RARE.get(place)?.get(at));
    usual.or_else(rare).copied()
}

#[cfg(test)]
mod tests {
    use super::{LANGUAGES, name, speaks};

    #[test]
    fn regions_fall_back_to_what_is_nearest() {
        for (tag, inbox) in [
            ("de", "Posteingang"),
            ("de-AT", "Posteingang"),
            ("DE_ch", "Posteingang"),
            ("da-DK", "Indbakke"),
            ("nn-NO", "Innboks"),
            ("pt-BR", "Caixa de Entrada"),
            ("zh-CN", "收件箱"),
            ("zh-Hans-SG", "收件箱"),
            ("zh_Hant_HK", "收件匣"),
            ("zh-tw", "收件匣"),
            ("ko", "받은 편지함"),
        ] {
            assert_eq!((name("inbox", tag), speaks(tag)), (Some(inbox), true), "{tag}");
        }
        assert_eq!(
            (name("deleteditems", "pt-PT"), name("deleteditems", "pt")),
            (Some("Itens Eliminados"), Some("Itens Excluídos"))
        );
        assert_eq!((name("conflicts", "fr"), name("conflicts", "da")), (Some("Conflits"), None));
        for tag in ["en", "en-GB", "EN_us"] {
            assert_eq!((name("inbox", tag), speaks(tag)), (None, true), "{tag}");
        }
        for tag in ["", "xx", "dex", "-", "d"] {
            assert_eq!((name("inbox", tag), speaks(tag)), (None, false), "{tag}");
        }
    }

    #[test]
    fn each_language_has_all_names_that_people_see() {
        for code in LANGUAGES {
            for folder in super::USUAL_FOLDERS {
                assert!(name(folder, code).is_some_and(|name| !name.is_empty()), "{code} {folder}");
            }
        }
    }
}
