//! What people here are told, in some of the languages in which folders have names. A row for each; English for all others.

/// The sentences of reports and warnings. `{}` stands for what is put in.
pub(super) struct Words {
    pub language: &'static str,
    /// Before the subject of the message.
    pub undeliverable: &'static str,
    pub intro: &'static str,
    /// `{}`: hours.
    pub expired: &'static str,
    pub no_smarthost: &'static str,
    /// Before the original's subject.
    pub subject: &'static str,
    /// Before the time when it was sent.
    pub sent: &'static str,
    /// The subject of a warning about the quota.
    pub almost_full: &'static str,
    /// What is used, the quota, the part of it in percent.
    pub used: &'static str,
    pub full: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    undeliverable: "Undeliverable",
    intro: "Your message could not be delivered to:",
    expired: "It was tried for {} hours. The last answer was:",
    no_smarthost: "This server is not set up to send mail to other servers. Please tell its administrator.",
    subject: "Subject",
    sent: "Sent",
    almost_full: "Your mailbox is almost full",
    used: "{} of {} are used, that is {} %.",
    full: "When it is full, mail to you is no longer taken, and nothing new can be saved. Please delete what you do not need any more.",
};

const OTHERS: &[Words] = &[
    Words {
        language: "de",
        undeliverable: "Unzustellbar",
        intro: "Ihre Nachricht konnte nicht zugestellt werden an:",
        expired: "Es wurde {} Stunden lang versucht. Die letzte Antwort war:",
        no_smarthost: "Dieser Server ist nicht dafür eingerichtet, Mail an andere Server zu senden. Bitte sagen Sie es seinem Verwalter.",
        subject: "Betreff",
        sent: "Gesendet",
        almost_full: "Ihr Postfach ist fast voll",
        used: "{} von {} sind belegt, das sind {} %.",
        full: "Ist es voll, wird Mail an Sie nicht mehr angenommen, und nichts Neues lässt sich speichern. Bitte löschen Sie, was Sie nicht mehr brauchen.",
    },
    Words {
        language: "fr",
        undeliverable: "Non remis",
        intro: "Votre message n'a pas pu être remis à :",
        expired: "Des tentatives ont été faites pendant {} heures. La dernière réponse était :",
        no_smarthost: "Ce serveur n'est pas configuré pour envoyer du courrier à d'autres serveurs. Prévenez son administrateur.",
        subject: "Objet",
        sent: "Envoyé",
        almost_full: "Votre boîte aux lettres est presque pleine",
        used: "{} sur {} sont occupés, soit {} %.",
        full: "Une fois pleine, elle ne reçoit plus de courrier et rien ne peut plus y être enregistré. Supprimez ce dont vous n'avez plus besoin.",
    },
    Words {
        language: "es",
        undeliverable: "No se puede entregar",
        intro: "Su mensaje no se pudo entregar a:",
        expired: "Se intentó durante {} horas. La última respuesta fue:",
        no_smarthost: "Este servidor no está configurado para enviar correo a otros servidores. Avise a su administrador.",
        subject: "Asunto",
        sent: "Enviado",
        almost_full: "Su buzón está casi lleno",
        used: "Se usan {} de {}, es decir, el {} %.",
        full: "Cuando esté lleno, no recibirá más correo y no podrá guardar nada nuevo. Elimine lo que ya no necesite.",
    },
    Words {
        language: "it",
        undeliverable: "Non recapitabile",
        intro: "Il messaggio non è stato recapitato a:",
        expired: "Si è tentato per {} ore. L'ultima risposta è stata:",
        no_smarthost: "Questo server non è configurato per inviare posta ad altri server. Avvisare l'amministratore.",
        subject: "Oggetto",
        sent: "Inviato",
        almost_full: "La casella di posta è quasi piena",
        used: "Sono occupati {} di {}, cioè il {} %.",
        full: "Quando sarà piena, non riceverà più posta e non potrà salvare nulla di nuovo. Eliminare ciò che non serve più.",
    },
    Words {
        language: "nl",
        undeliverable: "Onbestelbaar",
        intro: "Uw bericht kon niet worden bezorgd bij:",
        expired: "Dit is {} uur lang geprobeerd. Het laatste antwoord was:",
        no_smarthost: "Deze server is niet ingericht om mail naar andere servers te sturen. Meld dit aan de beheerder.",
        subject: "Onderwerp",
        sent: "Verzonden",
        almost_full: "Uw postbus is bijna vol",
        used: "{} van {} is in gebruik, dat is {} %.",
        full: "Is hij vol, dan wordt mail aan u niet meer aangenomen en kan er niets nieuws worden opgeslagen. Verwijder wat u niet meer nodig hebt.",
    },
    Words {
        language: "pt",
        undeliverable: "Não entregue",
        intro: "A sua mensagem não pôde ser entregue a:",
        expired: "Houve tentativas durante {} horas. A última resposta foi:",
        no_smarthost: "Este servidor não está configurado para enviar correio a outros servidores. Avise o administrador.",
        subject: "Assunto",
        sent: "Enviado",
        almost_full: "A sua caixa de correio está quase cheia",
        used: "Estão em uso {} de {}, ou seja, {} %.",
        full: "Quando estiver cheia, não receberá mais correio e nada de novo poderá ser guardado. Elimine o que já não precisa.",
    },
    Words {
        language: "ja",
        undeliverable: "配信不能",
        intro: "メッセージを次の宛先に配信できませんでした:",
        expired: "{} 時間にわたって試行しました。最後の応答:",
        no_smarthost: "このサーバーは他のサーバーへメールを送信するように設定されていません。管理者に連絡してください。",
        subject: "件名",
        sent: "送信日時",
        almost_full: "メールボックスの空きが残りわずかです",
        used: "{} / {} を使用しています ({} %)。",
        full: "いっぱいになると、メールを受信できず、新しいものを保存できなくなります。不要なものを削除してください。",
    },
    Words {
        language: "pl",
        undeliverable: "Nie dostarczono",
        intro: "Nie można było dostarczyć wiadomości do:",
        expired: "Próby trwały {} godz. Ostatnia odpowiedź:",
        no_smarthost: "Ten serwer nie jest skonfigurowany do wysyłania poczty na inne serwery. Proszę powiadomić administratora.",
        subject: "Temat",
        sent: "Wysłano",
        almost_full: "Twoja skrzynka pocztowa jest prawie pełna",
        used: "Zajęte jest {} z {}, czyli {} %.",
        full: "Gdy będzie pełna, poczta nie będzie przyjmowana i nic nowego nie da się zapisać. Proszę usunąć to, co już niepotrzebne.",
    },
];

/// The row of a language, whatever its region.
pub(super) fn words(language: &str) -> &'static Words {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    OTHERS.iter().find(|row| row.language.eq_ignore_ascii_case(primary)).unwrap_or(&ENGLISH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_of_a_language_that_mailboxes_have() {
        for row in OTHERS {
            assert!(ewsd_settings::LANGUAGES.contains(&row.language) && row.expired.contains("{}"));
        }
        for (language, row) in [("de-AT", "de"), ("pt_BR", "pt"), ("da", "en"), ("tlh", "en"), ("", "en")] {
            assert_eq!(words(language).language, row, "{language}");
        }
    }
}
