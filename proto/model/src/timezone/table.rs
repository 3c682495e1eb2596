//! The Windows zones with what CLDR (windowsZones) says of each: the names of the tz database that stand for it, in the world and
//! in its territories. Nothing but the table; what is done with it is `mod.rs`.

use super::Zone;

macro_rules! zones {
    ($($id:literal $name:literal $iana:literal [$($territory:literal $names:literal)*] $also:literal,)*) => {
        /// The rows, from west to east.
        pub static ZONES: &[Zone] = &[$(Zone {
            id: $id,
            name: $name,
            iana: $iana,
            territories: &[$(($territory, $names),)*],
            also: $also,
        },)*];
    };
}

zones! {
    "Dateline Standard Time" "(UTC-12:00) International Date Line West"
        "Etc/GMT+12" ["ZZ" "Etc/GMT+12"] "",
    "UTC-11" "(UTC-11:00) Coordinated Universal Time-11"
        "Etc/GMT+11" ["AS" "Pacific/Pago_Pago" "NU" "Pacific/Niue" "UM" "Pacific/Midway" "ZZ" "Etc/GMT+11"]
        "Pacific/Samoa US/Samoa",
    "Aleutian Standard Time" "(UTC-10:00) Aleutian Islands"
        "America/Adak" ["US" "America/Adak"] "America/Atka US/Aleutian",
    "Hawaiian Standard Time" "(UTC-10:00) Hawaii"
        "Pacific/Honolulu" ["CK" "Pacific/Rarotonga" "PF" "Pacific/Tahiti" "US" "Pacific/Honolulu" "ZZ" "Etc/GMT+10"]
        "HST Pacific/Johnston US/Hawaii",
    "Marquesas Standard Time" "(UTC-09:30) Marquesas Islands"
        "Pacific/Marquesas" ["PF" "Pacific/Marquesas"] "",
    "Alaskan Standard Time" "(UTC-09:00) Alaska"
        "America/Anchorage" [
            "US" "America/Anchorage America/Juneau America/Metlakatla America/Nome America/Sitka America/Yakutat"]
        "US/Alaska",
    "UTC-09" "(UTC-09:00) Coordinated Universal Time-09"
        "Etc/GMT+9" ["PF" "Pacific/Gambier" "ZZ" "Etc/GMT+9"] "",
    "Pacific Standard Time (Mexico)" "(UTC-08:00) Baja California"
        "America/Tijuana" ["MX" "America/Tijuana"] "America/Ensenada America/Santa_Isabel Mexico/BajaNorte",
    "UTC-08" "(UTC-08:00) Coordinated Universal Time-08"
        "Etc/GMT+8" ["PN" "Pacific/Pitcairn" "ZZ" "Etc/GMT+8"] "",
    "Pacific Standard Time" "(UTC-08:00) Pacific Time (US & Canada)"
        "America/Los_Angeles" ["CA" "America/Vancouver" "US" "America/Los_Angeles"]
        "Canada/Pacific PST8PDT US/Pacific US/Pacific-New",
    "US Mountain Standard Time" "(UTC-07:00) Arizona"
        "America/Phoenix" ["CA" "America/Creston America/Dawson_Creek America/Fort_Nelson" "MX" "America/Hermosillo"
            "US" "America/Phoenix" "ZZ" "Etc/GMT+7"] "MST US/Arizona",
    "Mountain Standard Time (Mexico)" "(UTC-07:00) La Paz, Mazatlan"
        "America/Mazatlan" ["MX" "America/Mazatlan"] "Mexico/BajaSur",
    "Mountain Standard Time" "(UTC-07:00) Mountain Time (US & Canada)"
        "America/Denver" ["CA" "America/Edmonton America/Cambridge_Bay America/Inuvik" "MX" "America/Ciudad_Juarez"
            "US" "America/Denver America/Boise"]
        "America/Shiprock America/Yellowknife Canada/Mountain MST7MDT Navajo US/Mountain",
    "Yukon Standard Time" "(UTC-07:00) Yukon"
        "America/Whitehorse" ["CA" "America/Whitehorse America/Dawson"] "Canada/Yukon",
    "Central America Standard Time" "(UTC-06:00) Central America"
        "America/Guatemala" ["BZ" "America/Belize" "CR" "America/Costa_Rica" "EC" "Pacific/Galapagos"
            "GT" "America/Guatemala" "HN" "America/Tegucigalpa" "NI" "America/Managua" "SV" "America/El_Salvador"
            "ZZ" "Etc/GMT+6"] "",
    "Central Standard Time" "(UTC-06:00) Central Time (US & Canada)"
        "America/Chicago" ["CA" "America/Winnipeg America/Rankin_Inlet America/Resolute"
            "MX" "America/Matamoros America/Ojinaga"
            "US" "America/Chicago America/Indiana/Knox America/Indiana/Tell_City America/Menominee America/North_Dakota/Beulah America/North_Dakota/Center America/North_Dakota/New_Salem"]
        "America/Knox_IN America/Rainy_River CST6CDT Canada/Central US/Central US/Indiana-Starke",
    "Easter Island Standard Time" "(UTC-06:00) Easter Island"
        "Pacific/Easter" ["CL" "Pacific/Easter"] "Chile/EasterIsland",
    "Central Standard Time (Mexico)" "(UTC-06:00) Guadalajara, Mexico City, Monterrey"
        "America/Mexico_City" [
            "MX" "America/Mexico_City America/Bahia_Banderas America/Merida America/Monterrey America/Chihuahua"]
        "Mexico/General",
    "Canada Central Standard Time" "(UTC-06:00) Saskatchewan"
        "America/Regina" ["CA" "America/Regina America/Swift_Current"] "Canada/East-Saskatchewan Canada/Saskatchewan",
    "SA Pacific Standard Time" "(UTC-05:00) Bogota, Lima, Quito, Rio Branco"
        "America/Bogota" ["BR" "America/Rio_Branco America/Eirunepe" "CA" "America/Coral_Harbour"
            "CO" "America/Bogota" "EC" "America/Guayaquil" "JM" "America/Jamaica" "KY" "America/Cayman"
            "PA" "America/Panama" "PE" "America/Lima" "ZZ" "Etc/GMT+5"]
        "America/Atikokan America/Porto_Acre Brazil/Acre EST Jamaica",
    "Eastern Standard Time (Mexico)" "(UTC-05:00) Chetumal"
        "America/Cancun" ["MX" "America/Cancun"] "",
    "Eastern Standard Time" "(UTC-05:00) Eastern Time (US & Canada)"
        "America/New_York" ["BS" "America/Nassau" "CA" "America/Toronto America/Iqaluit"
            "US" "America/New_York America/Detroit America/Indiana/Petersburg America/Indiana/Vincennes America/Indiana/Winamac America/Kentucky/Monticello America/Louisville"]
        "America/Kentucky/Louisville America/Montreal America/Nipigon America/Pangnirtung America/Thunder_Bay Canada/Eastern EST5EDT US/Eastern US/Michigan",
    "Haiti Standard Time" "(UTC-05:00) Haiti"
        "America/Port-au-Prince" ["HT" "America/Port-au-Prince"] "",
    "Cuba Standard Time" "(UTC-05:00) Havana"
        "America/Havana" ["CU" "America/Havana"] "Cuba",
    "US Eastern Standard Time" "(UTC-05:00) Indiana (East)"
        "America/Indiana/Indianapolis" ["US" "America/Indianapolis America/Indiana/Marengo America/Indiana/Vevay"]
        "America/Indianapolis America/Fort_Wayne US/East-Indiana",
    "Turks And Caicos Standard Time" "(UTC-05:00) Turks and Caicos"
        "America/Grand_Turk" ["TC" "America/Grand_Turk"] "",
    "Atlantic Standard Time" "(UTC-04:00) Atlantic Time (Canada)"
        "America/Halifax" ["BM" "Atlantic/Bermuda"
            "CA" "America/Halifax America/Glace_Bay America/Goose_Bay America/Moncton" "GL" "America/Thule"]
        "Canada/Atlantic",
    "Venezuela Standard Time" "(UTC-04:00) Caracas"
        "America/Caracas" ["VE" "America/Caracas"] "",
    "Central Brazilian Standard Time" "(UTC-04:00) Cuiaba"
        "America/Cuiaba" ["BR" "America/Cuiaba America/Campo_Grande"] "",
    "SA Western Standard Time" "(UTC-04:00) Georgetown, La Paz, Manaus, San Juan"
        "America/La_Paz" ["AG" "America/Antigua" "AI" "America/Anguilla" "AW" "America/Aruba" "BB" "America/Barbados"
            "BL" "America/St_Barthelemy" "BO" "America/La_Paz" "BQ" "America/Kralendijk"
            "BR" "America/Manaus America/Boa_Vista America/Porto_Velho" "CA" "America/Blanc-Sablon"
            "CW" "America/Curacao" "DM" "America/Dominica" "DO" "America/Santo_Domingo" "GD" "America/Grenada"
            "GP" "America/Guadeloupe" "GY" "America/Guyana" "KN" "America/St_Kitts" "LC" "America/St_Lucia"
            "MF" "America/Marigot" "MQ" "America/Martinique" "MS" "America/Montserrat" "PR" "America/Puerto_Rico"
            "SX" "America/Lower_Princes" "TT" "America/Port_of_Spain" "VC" "America/St_Vincent"
            "VG" "America/Tortola" "VI" "America/St_Thomas" "ZZ" "Etc/GMT+4"] "America/Virgin Brazil/West",
    "Pacific SA Standard Time" "(UTC-04:00) Santiago"
        "America/Santiago" ["CL" "America/Santiago"] "Chile/Continental",
    "Newfoundland Standard Time" "(UTC-03:30) Newfoundland"
        "America/St_Johns" ["CA" "America/St_Johns"] "Canada/Newfoundland",
    "Tocantins Standard Time" "(UTC-03:00) Araguaina"
        "America/Araguaina" ["BR" "America/Araguaina"] "",
    "Paraguay Standard Time" "(UTC-03:00) Asuncion"
        "America/Asuncion" ["PY" "America/Asuncion"] "",
    "E. South America Standard Time" "(UTC-03:00) Brasilia"
        "America/Sao_Paulo" ["BR" "America/Sao_Paulo"] "Brazil/East",
    "SA Eastern Standard Time" "(UTC-03:00) Cayenne, Fortaleza"
        "America/Cayenne" ["AQ" "Antarctica/Rothera Antarctica/Palmer"
            "BR" "America/Fortaleza America/Belem America/Maceio America/Recife America/Santarem"
            "FK" "Atlantic/Stanley" "GF" "America/Cayenne" "SR" "America/Paramaribo" "ZZ" "Etc/GMT+3"] "",
    "Argentina Standard Time" "(UTC-03:00) City of Buenos Aires"
        "America/Argentina/Buenos_Aires" [
            "AR" "America/Buenos_Aires America/Argentina/La_Rioja America/Argentina/Rio_Gallegos America/Argentina/Salta America/Argentina/San_Juan America/Argentina/San_Luis America/Argentina/Tucuman America/Argentina/Ushuaia America/Catamarca America/Cordoba America/Jujuy America/Mendoza"]
        "America/Buenos_Aires America/Argentina/Catamarca America/Argentina/ComodRivadavia America/Argentina/Cordoba America/Argentina/Jujuy America/Argentina/Mendoza America/Rosario",
    "Montevideo Standard Time" "(UTC-03:00) Montevideo"
        "America/Montevideo" ["UY" "America/Montevideo"] "",
    "Magallanes Standard Time" "(UTC-03:00) Punta Arenas"
        "America/Punta_Arenas" ["CL" "America/Punta_Arenas America/Coyhaique"] "",
    "Saint Pierre Standard Time" "(UTC-03:00) Saint Pierre and Miquelon"
        "America/Miquelon" ["PM" "America/Miquelon"] "",
    "Bahia Standard Time" "(UTC-03:00) Salvador"
        "America/Bahia" ["BR" "America/Bahia"] "",
    "UTC-02" "(UTC-02:00) Coordinated Universal Time-02"
        "Etc/GMT+2" ["BR" "America/Noronha" "GS" "Atlantic/South_Georgia" "ZZ" "Etc/GMT+2"] "Brazil/DeNoronha",
    "Greenland Standard Time" "(UTC-02:00) Greenland"
        "America/Nuuk" ["GL" "America/Godthab"] "America/Godthab",
    "Mid-Atlantic Standard Time" "(UTC-02:00) Mid-Atlantic - Old"
        "<-02>2<-01>,M3.5.0/2,M9.5.0/2" [] "",
    "Azores Standard Time" "(UTC-01:00) Azores"
        "Atlantic/Azores" ["GL" "America/Scoresbysund" "PT" "Atlantic/Azores"] "",
    "Cape Verde Standard Time" "(UTC-01:00) Cabo Verde Is."
        "Atlantic/Cape_Verde" ["CV" "Atlantic/Cape_Verde" "ZZ" "Etc/GMT+1"] "",
    "UTC" "(UTC) Coordinated Universal Time"
        "Etc/UTC" ["ZZ" "Etc/UTC Etc/GMT"]
        "Etc/GMT+0 Etc/GMT-0 Etc/GMT0 Etc/Greenwich Etc/UCT Etc/Universal Etc/Zulu GMT GMT+0 GMT-0 GMT0 Greenwich UCT UTC Universal Zulu",
    "GMT Standard Time" "(UTC+00:00) Dublin, Edinburgh, Lisbon, London"
        "Europe/London" ["ES" "Atlantic/Canary" "FO" "Atlantic/Faeroe" "GB" "Europe/London" "GG" "Europe/Guernsey"
            "IE" "Europe/Dublin" "IM" "Europe/Isle_of_Man" "JE" "Europe/Jersey" "PT" "Europe/Lisbon Atlantic/Madeira"]
        "Atlantic/Faroe Eire Europe/Belfast GB GB-Eire Portugal WET",
    "Greenwich Standard Time" "(UTC+00:00) Monrovia, Reykjavik"
        "Atlantic/Reykjavik" ["BF" "Africa/Ouagadougou" "CI" "Africa/Abidjan" "GH" "Africa/Accra"
            "GL" "America/Danmarkshavn" "GM" "Africa/Banjul" "GN" "Africa/Conakry" "GW" "Africa/Bissau"
            "IS" "Atlantic/Reykjavik" "LR" "Africa/Monrovia" "ML" "Africa/Bamako" "MR" "Africa/Nouakchott"
            "SH" "Atlantic/St_Helena" "SL" "Africa/Freetown" "SN" "Africa/Dakar" "TG" "Africa/Lome"]
        "Africa/Timbuktu Iceland",
    "Sao Tome Standard Time" "(UTC+00:00) Sao Tome"
        "Africa/Sao_Tome" ["ST" "Africa/Sao_Tome"] "",
    "W. Europe Standard Time" "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"
        "Europe/Berlin" ["AD" "Europe/Andorra" "AT" "Europe/Vienna" "CH" "Europe/Zurich"
            "DE" "Europe/Berlin Europe/Busingen" "GI" "Europe/Gibraltar" "IT" "Europe/Rome" "LI" "Europe/Vaduz"
            "LU" "Europe/Luxembourg" "MC" "Europe/Monaco" "MT" "Europe/Malta" "NL" "Europe/Amsterdam"
            "NO" "Europe/Oslo" "SE" "Europe/Stockholm" "SJ" "Arctic/Longyearbyen" "SM" "Europe/San_Marino"
            "VA" "Europe/Vatican"] "Atlantic/Jan_Mayen",
    "Central Europe Standard Time" "(UTC+01:00) Belgrade, Bratislava, Budapest, Ljubljana, Prague"
        "Europe/Budapest" ["AL" "Europe/Tirane" "CZ" "Europe/Prague" "HU" "Europe/Budapest" "ME" "Europe/Podgorica"
            "RS" "Europe/Belgrade" "SI" "Europe/Ljubljana" "SK" "Europe/Bratislava"] "",
    "Romance Standard Time" "(UTC+01:00) Brussels, Copenhagen, Madrid, Paris"
        "Europe/Paris" ["BE" "Europe/Brussels" "DK" "Europe/Copenhagen" "ES" "Europe/Madrid Africa/Ceuta"
            "FR" "Europe/Paris"] "CET MET",
    "Morocco Standard Time" "(UTC+01:00) Casablanca"
        "Africa/Casablanca" ["EH" "Africa/El_Aaiun" "MA" "Africa/Casablanca"] "",
    "Central European Standard Time" "(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb"
        "Europe/Warsaw" ["BA" "Europe/Sarajevo" "HR" "Europe/Zagreb" "MK" "Europe/Skopje" "PL" "Europe/Warsaw"]
        "Poland",
    "W. Central Africa Standard Time" "(UTC+01:00) West Central Africa"
        "Africa/Lagos" ["AO" "Africa/Luanda" "BJ" "Africa/Porto-Novo" "CD" "Africa/Kinshasa" "CF" "Africa/Bangui"
            "CG" "Africa/Brazzaville" "CM" "Africa/Douala" "DZ" "Africa/Algiers" "GA" "Africa/Libreville"
            "GQ" "Africa/Malabo" "NE" "Africa/Niamey" "NG" "Africa/Lagos" "TD" "Africa/Ndjamena" "TN" "Africa/Tunis"
            "ZZ" "Etc/GMT-1"] "",
    "GTB Standard Time" "(UTC+02:00) Athens, Bucharest"
        "Europe/Bucharest" ["CY" "Asia/Nicosia Asia/Famagusta" "GR" "Europe/Athens" "RO" "Europe/Bucharest"]
        "EET Europe/Nicosia",
    "Middle East Standard Time" "(UTC+02:00) Beirut"
        "Asia/Beirut" ["LB" "Asia/Beirut"] "",
    "Egypt Standard Time" "(UTC+02:00) Cairo"
        "Africa/Cairo" ["EG" "Africa/Cairo"] "Egypt",
    "E. Europe Standard Time" "(UTC+02:00) Chisinau"
        "Europe/Chisinau" ["MD" "Europe/Chisinau"] "Europe/Tiraspol",
    "West Bank Standard Time" "(UTC+02:00) Gaza, Hebron"
        "Asia/Hebron" ["PS" "Asia/Hebron Asia/Gaza"] "",
    "South Africa Standard Time" "(UTC+02:00) Harare, Pretoria"
        "Africa/Johannesburg" ["BI" "Africa/Bujumbura" "BW" "Africa/Gaborone" "CD" "Africa/Lubumbashi"
            "LS" "Africa/Maseru" "MW" "Africa/Blantyre" "MZ" "Africa/Maputo" "RW" "Africa/Kigali"
            "SZ" "Africa/Mbabane" "ZA" "Africa/Johannesburg" "ZM" "Africa/Lusaka" "ZW" "Africa/Harare"
            "ZZ" "Etc/GMT-2"] "",
    "FLE Standard Time" "(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius"
        "Europe/Kyiv" ["AX" "Europe/Mariehamn" "BG" "Europe/Sofia" "EE" "Europe/Tallinn" "FI" "Europe/Helsinki"
            "LT" "Europe/Vilnius" "LV" "Europe/Riga" "UA" "Europe/Kiev"]
        "Europe/Kiev Europe/Uzhgorod Europe/Zaporozhye",
    "Israel Standard Time" "(UTC+02:00) Jerusalem"
        "Asia/Jerusalem" ["IL" "Asia/Jerusalem"] "Asia/Tel_Aviv Israel",
    "South Sudan Standard Time" "(UTC+02:00) Juba"
        "Africa/Juba" ["SS" "Africa/Juba"] "",
    "Kaliningrad Standard Time" "(UTC+02:00) Kaliningrad"
        "Europe/Kaliningrad" ["RU" "Europe/Kaliningrad"] "",
    "Sudan Standard Time" "(UTC+02:00) Khartoum"
        "Africa/Khartoum" ["SD" "Africa/Khartoum"] "",
    "Libya Standard Time" "(UTC+02:00) Tripoli"
        "Africa/Tripoli" ["LY" "Africa/Tripoli"] "Libya",
    "Namibia Standard Time" "(UTC+02:00) Windhoek"
        "Africa/Windhoek" ["NA" "Africa/Windhoek"] "",
    "Jordan Standard Time" "(UTC+03:00) Amman"
        "Asia/Amman" ["JO" "Asia/Amman"] "",
    "Arabic Standard Time" "(UTC+03:00) Baghdad"
        "Asia/Baghdad" ["IQ" "Asia/Baghdad"] "",
    "Syria Standard Time" "(UTC+03:00) Damascus"
        "Asia/Damascus" ["SY" "Asia/Damascus"] "",
    "Turkey Standard Time" "(UTC+03:00) Istanbul"
        "Europe/Istanbul" ["TR" "Europe/Istanbul"] "Asia/Istanbul Turkey",
    "Arab Standard Time" "(UTC+03:00) Kuwait, Riyadh"
        "Asia/Riyadh" ["BH" "Asia/Bahrain" "KW" "Asia/Kuwait" "QA" "Asia/Qatar" "SA" "Asia/Riyadh" "YE" "Asia/Aden"]
        "",
    "Belarus Standard Time" "(UTC+03:00) Minsk"
        "Europe/Minsk" ["BY" "Europe/Minsk"] "",
    "Russian Standard Time" "(UTC+03:00) Moscow, St. Petersburg"
        "Europe/Moscow" ["RU" "Europe/Moscow Europe/Kirov" "UA" "Europe/Simferopol"] "W-SU",
    "E. Africa Standard Time" "(UTC+03:00) Nairobi"
        "Africa/Nairobi" ["AQ" "Antarctica/Syowa" "DJ" "Africa/Djibouti" "ER" "Africa/Asmera"
            "ET" "Africa/Addis_Ababa" "KE" "Africa/Nairobi" "KM" "Indian/Comoro" "MG" "Indian/Antananarivo"
            "SO" "Africa/Mogadishu" "TZ" "Africa/Dar_es_Salaam" "UG" "Africa/Kampala" "YT" "Indian/Mayotte"
            "ZZ" "Etc/GMT-3"] "Africa/Asmara",
    "Volgograd Standard Time" "(UTC+03:00) Volgograd"
        "Europe/Volgograd" ["RU" "Europe/Volgograd"] "",
    "Iran Standard Time" "(UTC+03:30) Tehran"
        "Asia/Tehran" ["IR" "Asia/Tehran"] "Iran",
    "Arabian Standard Time" "(UTC+04:00) Abu Dhabi, Muscat"
        "Asia/Dubai" ["AE" "Asia/Dubai" "OM" "Asia/Muscat" "ZZ" "Etc/GMT-4"] "",
    "Astrakhan Standard Time" "(UTC+04:00) Astrakhan, Ulyanovsk"
        "Europe/Astrakhan" ["RU" "Europe/Astrakhan Europe/Ulyanovsk"] "",
    "Azerbaijan Standard Time" "(UTC+04:00) Baku"
        "Asia/Baku" ["AZ" "Asia/Baku"] "",
    "Russia Time Zone 3" "(UTC+04:00) Izhevsk, Samara"
        "Europe/Samara" ["RU" "Europe/Samara"] "",
    "Mauritius Standard Time" "(UTC+04:00) Port Louis"
        "Indian/Mauritius" ["MU" "Indian/Mauritius" "RE" "Indian/Reunion" "SC" "Indian/Mahe"] "",
    "Saratov Standard Time" "(UTC+04:00) Saratov"
        "Europe/Saratov" ["RU" "Europe/Saratov"] "",
    "Georgian Standard Time" "(UTC+04:00) Tbilisi"
        "Asia/Tbilisi" ["GE" "Asia/Tbilisi"] "",
    "Caucasus Standard Time" "(UTC+04:00) Yerevan"
        "Asia/Yerevan" ["AM" "Asia/Yerevan"] "",
    "Afghanistan Standard Time" "(UTC+04:30) Kabul"
        "Asia/Kabul" ["AF" "Asia/Kabul"] "",
    "West Asia Standard Time" "(UTC+05:00) Ashgabat, Tashkent"
        "Asia/Tashkent" ["AQ" "Antarctica/Mawson"
            "KZ" "Asia/Oral Asia/Almaty Asia/Aqtau Asia/Aqtobe Asia/Atyrau Asia/Qostanay" "MV" "Indian/Maldives"
            "TF" "Indian/Kerguelen" "TJ" "Asia/Dushanbe" "TM" "Asia/Ashgabat" "UZ" "Asia/Tashkent Asia/Samarkand"
            "ZZ" "Etc/GMT-5"] "Asia/Ashkhabad",
    "Qyzylorda Standard Time" "(UTC+05:00) Astana"
        "Asia/Qyzylorda" ["KZ" "Asia/Qyzylorda"] "",
    "Ekaterinburg Standard Time" "(UTC+05:00) Ekaterinburg"
        "Asia/Yekaterinburg" ["RU" "Asia/Yekaterinburg"] "",
    "Pakistan Standard Time" "(UTC+05:00) Islamabad, Karachi"
        "Asia/Karachi" ["PK" "Asia/Karachi"] "",
    "India Standard Time" "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi"
        "Asia/Kolkata" ["IN" "Asia/Calcutta"] "Asia/Calcutta",
    "Sri Lanka Standard Time" "(UTC+05:30) Sri Jayawardenepura"
        "Asia/Colombo" ["LK" "Asia/Colombo"] "",
    "Nepal Standard Time" "(UTC+05:45) Kathmandu"
        "Asia/Kathmandu" ["NP" "Asia/Katmandu"] "Asia/Katmandu",
    "Central Asia Standard Time" "(UTC+06:00) Bishkek"
        "Asia/Bishkek" ["AQ" "Antarctica/Vostok" "CN" "Asia/Urumqi" "IO" "Indian/Chagos" "KG" "Asia/Bishkek"
            "ZZ" "Etc/GMT-6"] "Asia/Kashgar",
    "Bangladesh Standard Time" "(UTC+06:00) Dhaka"
        "Asia/Dhaka" ["BD" "Asia/Dhaka" "BT" "Asia/Thimphu"] "Asia/Dacca Asia/Thimbu",
    "Omsk Standard Time" "(UTC+06:00) Omsk"
        "Asia/Omsk" ["RU" "Asia/Omsk"] "",
    "Myanmar Standard Time" "(UTC+06:30) Yangon (Rangoon)"
        "Asia/Yangon" ["CC" "Indian/Cocos" "MM" "Asia/Rangoon"] "Asia/Rangoon",
    "SE Asia Standard Time" "(UTC+07:00) Bangkok, Hanoi, Jakarta"
        "Asia/Bangkok" ["AQ" "Antarctica/Davis" "CX" "Indian/Christmas" "ID" "Asia/Jakarta Asia/Pontianak"
            "KH" "Asia/Phnom_Penh" "LA" "Asia/Vientiane" "TH" "Asia/Bangkok" "VN" "Asia/Saigon" "ZZ" "Etc/GMT-7"]
        "Asia/Ho_Chi_Minh",
    "Altai Standard Time" "(UTC+07:00) Barnaul, Gorno-Altaysk"
        "Asia/Barnaul" ["RU" "Asia/Barnaul"] "",
    "W. Mongolia Standard Time" "(UTC+07:00) Hovd"
        "Asia/Hovd" ["MN" "Asia/Hovd"] "",
    "North Asia Standard Time" "(UTC+07:00) Krasnoyarsk"
        "Asia/Krasnoyarsk" ["RU" "Asia/Krasnoyarsk Asia/Novokuznetsk"] "",
    "N. Central Asia Standard Time" "(UTC+07:00) Novosibirsk"
        "Asia/Novosibirsk" ["RU" "Asia/Novosibirsk"] "",
    "Tomsk Standard Time" "(UTC+07:00) Tomsk"
        "Asia/Tomsk" ["RU" "Asia/Tomsk"] "",
    "China Standard Time" "(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi"
        "Asia/Shanghai" ["CN" "Asia/Shanghai" "HK" "Asia/Hong_Kong" "MO" "Asia/Macau"]
        "Asia/Chongqing Asia/Chungking Asia/Harbin Asia/Macao Hongkong PRC",
    "North Asia East Standard Time" "(UTC+08:00) Irkutsk"
        "Asia/Irkutsk" ["RU" "Asia/Irkutsk"] "",
    "Singapore Standard Time" "(UTC+08:00) Kuala Lumpur, Singapore"
        "Asia/Singapore" ["BN" "Asia/Brunei" "ID" "Asia/Makassar" "MY" "Asia/Kuala_Lumpur Asia/Kuching"
            "PH" "Asia/Manila" "SG" "Asia/Singapore" "ZZ" "Etc/GMT-8"] "Asia/Ujung_Pandang Singapore",
    "W. Australia Standard Time" "(UTC+08:00) Perth"
        "Australia/Perth" ["AU" "Australia/Perth"] "Australia/West",
    "Taipei Standard Time" "(UTC+08:00) Taipei"
        "Asia/Taipei" ["TW" "Asia/Taipei"] "ROC",
    "Ulaanbaatar Standard Time" "(UTC+08:00) Ulaanbaatar"
        "Asia/Ulaanbaatar" ["MN" "Asia/Ulaanbaatar"] "Asia/Choibalsan Asia/Ulan_Bator",
    "Aus Central W. Standard Time" "(UTC+08:45) Eucla"
        "Australia/Eucla" ["AU" "Australia/Eucla"] "",
    "Transbaikal Standard Time" "(UTC+09:00) Chita"
        "Asia/Chita" ["RU" "Asia/Chita"] "",
    "Tokyo Standard Time" "(UTC+09:00) Osaka, Sapporo, Tokyo"
        "Asia/Tokyo" ["ID" "Asia/Jayapura" "JP" "Asia/Tokyo" "PW" "Pacific/Palau" "TL" "Asia/Dili" "ZZ" "Etc/GMT-9"]
        "Japan",
    "North Korea Standard Time" "(UTC+09:00) Pyongyang"
        "Asia/Pyongyang" ["KP" "Asia/Pyongyang"] "",
    "Korea Standard Time" "(UTC+09:00) Seoul"
        "Asia/Seoul" ["KR" "Asia/Seoul"] "ROK",
    "Yakutsk Standard Time" "(UTC+09:00) Yakutsk"
        "Asia/Yakutsk" ["RU" "Asia/Yakutsk Asia/Khandyga"] "",
    "Cen. Australia Standard Time" "(UTC+09:30) Adelaide"
        "Australia/Adelaide" ["AU" "Australia/Adelaide Australia/Broken_Hill"] "Australia/South Australia/Yancowinna",
    "AUS Central Standard Time" "(UTC+09:30) Darwin"
        "Australia/Darwin" ["AU" "Australia/Darwin"] "Australia/North",
    "E. Australia Standard Time" "(UTC+10:00) Brisbane"
        "Australia/Brisbane" ["AU" "Australia/Brisbane Australia/Lindeman"] "Australia/Queensland",
    "AUS Eastern Standard Time" "(UTC+10:00) Canberra, Melbourne, Sydney"
        "Australia/Sydney" ["AU" "Australia/Sydney Australia/Melbourne"]
        "Australia/ACT Australia/Canberra Australia/NSW Australia/Victoria",
    "West Pacific Standard Time" "(UTC+10:00) Guam, Port Moresby"
        "Pacific/Port_Moresby" ["AQ" "Antarctica/DumontDUrville" "FM" "Pacific/Truk" "GU" "Pacific/Guam"
            "MP" "Pacific/Saipan" "PG" "Pacific/Port_Moresby" "ZZ" "Etc/GMT-10"] "Pacific/Chuuk Pacific/Yap",
    "Tasmania Standard Time" "(UTC+10:00) Hobart"
        "Australia/Hobart" ["AU" "Australia/Hobart Antarctica/Macquarie"] "Australia/Currie Australia/Tasmania",
    "Vladivostok Standard Time" "(UTC+10:00) Vladivostok"
        "Asia/Vladivostok" ["RU" "Asia/Vladivostok Asia/Ust-Nera"] "",
    "Lord Howe Standard Time" "(UTC+10:30) Lord Howe Island"
        "Australia/Lord_Howe" ["AU" "Australia/Lord_Howe"] "Australia/LHI",
    "Bougainville Standard Time" "(UTC+11:00) Bougainville Island"
        "Pacific/Bougainville" ["PG" "Pacific/Bougainville"] "",
    "Russia Time Zone 10" "(UTC+11:00) Chokurdakh"
        "Asia/Srednekolymsk" ["RU" "Asia/Srednekolymsk"] "",
    "Magadan Standard Time" "(UTC+11:00) Magadan"
        "Asia/Magadan" ["RU" "Asia/Magadan"] "",
    "Norfolk Standard Time" "(UTC+11:00) Norfolk Island"
        "Pacific/Norfolk" ["NF" "Pacific/Norfolk"] "",
    "Sakhalin Standard Time" "(UTC+11:00) Sakhalin"
        "Asia/Sakhalin" ["RU" "Asia/Sakhalin"] "",
    "Central Pacific Standard Time" "(UTC+11:00) Solomon Is., New Caledonia"
        "Pacific/Guadalcanal" ["AQ" "Antarctica/Casey" "FM" "Pacific/Ponape Pacific/Kosrae" "NC" "Pacific/Noumea"
            "SB" "Pacific/Guadalcanal" "VU" "Pacific/Efate" "ZZ" "Etc/GMT-11"] "Pacific/Pohnpei",
    "Russia Time Zone 11" "(UTC+12:00) Anadyr, Petropavlovsk-Kamchatsky"
        "Asia/Kamchatka" ["RU" "Asia/Kamchatka Asia/Anadyr"] "",
    "New Zealand Standard Time" "(UTC+12:00) Auckland, Wellington"
        "Pacific/Auckland" ["AQ" "Antarctica/McMurdo" "NZ" "Pacific/Auckland"] "Antarctica/South_Pole NZ",
    "UTC+12" "(UTC+12:00) Coordinated Universal Time+12"
        "Etc/GMT-12" ["KI" "Pacific/Tarawa" "MH" "Pacific/Majuro Pacific/Kwajalein" "NR" "Pacific/Nauru"
            "TV" "Pacific/Funafuti" "UM" "Pacific/Wake" "WF" "Pacific/Wallis" "ZZ" "Etc/GMT-12"] "Kwajalein",
    "Fiji Standard Time" "(UTC+12:00) Fiji"
        "Pacific/Fiji" ["FJ" "Pacific/Fiji"] "",
    "Kamchatka Standard Time" "(UTC+12:00) Petropavlovsk-Kamchatsky - Old"
        "Asia/Kamchatka" [] "",
    "Chatham Islands Standard Time" "(UTC+12:45) Chatham Islands"
        "Pacific/Chatham" ["NZ" "Pacific/Chatham"] "NZ-CHAT",
    "UTC+13" "(UTC+13:00) Coordinated Universal Time+13"
        "Etc/GMT-13" ["KI" "Pacific/Enderbury" "TK" "Pacific/Fakaofo" "ZZ" "Etc/GMT-13"] "Pacific/Kanton",
    "Tonga Standard Time" "(UTC+13:00) Nuku'alofa"
        "Pacific/Tongatapu" ["TO" "Pacific/Tongatapu"] "",
    "Samoa Standard Time" "(UTC+13:00) Samoa"
        "Pacific/Apia" ["WS" "Pacific/Apia"] "",
    "Line Islands Standard Time" "(UTC+14:00) Kiritimati Island"
        "Pacific/Kiritimati" ["KI" "Pacific/Kiritimati" "ZZ" "Etc/GMT-14"] "",
}
