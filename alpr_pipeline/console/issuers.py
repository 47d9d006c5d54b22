"""Who issued a plate: from codes to names."""

_NAMES = """
US United States
US-AL Alabama; US-AK Alaska; US-AZ Arizona; US-AR Arkansas; US-CA California; US-CO Colorado; US-CT Connecticut
US-DE Delaware; US-DC District of Columbia; US-FL Florida; US-GA Georgia; US-HI Hawaii; US-ID Idaho; US-IL Illinois
US-IN Indiana; US-IA Iowa; US-KS Kansas; US-KY Kentucky; US-LA Louisiana; US-ME Maine; US-MD Maryland
US-MA Massachusetts; US-MI Michigan; US-MN Minnesota; US-MS Mississippi; US-MO Missouri; US-MT Montana; US-NE Nebraska
US-NV Nevada; US-NH New Hampshire; US-NJ New Jersey; US-NM New Mexico; US-NY New York; US-NC North Carolina
US-ND North Dakota; US-OH Ohio; US-OK Oklahoma; US-OR Oregon; US-PA Pennsylvania; US-RI Rhode Island
US-SC South Carolina; US-SD South Dakota; US-TN Tennessee; US-TX Texas; US-UT Utah; US-VT Vermont; US-VA Virginia
US-WA Washington; US-WV West Virginia; US-WI Wisconsin; US-WY Wyoming
CA Canada; CA-AB Alberta; CA-BC British Columbia; CA-MB Manitoba; CA-NB New Brunswick
CA-NL Newfoundland and Labrador; CA-NS Nova Scotia; CA-NT Northwest Territories; CA-NU Nunavut; CA-ON Ontario
CA-PE Prince Edward Island; CA-QC Quebec; CA-SK Saskatchewan; CA-YT Yukon; MX Mexico
AE United Arab Emirates; AL Albania; AM Armenia; AR Argentina; AT Austria; AU Australia; BA Bosnia and Herzegovina
BE Belgium; BG Bulgaria; BO Bolivia; BR Brazil; BY Belarus; CH Switzerland; CL Chile; CN China; CO Colombia
CR Costa Rica; CY Cyprus; CZ Czechia; DE Germany; DK Denmark; EC Ecuador; EE Estonia; ES Spain; FI Finland; FR France
GB United Kingdom; GE Georgia (country); GR Greece; HK Hong Kong; HR Croatia; HU Hungary; ID Indonesia; IE Ireland
IL Israel; IN India; IS Iceland; IT Italy; JE Jersey; KE Kenya; KZ Kazakhstan; LI Liechtenstein; LT Lithuania
LU Luxembourg; LV Latvia; MD Moldova; ME Montenegro; MK North Macedonia; MO Macao; MT Malta; MY Malaysia; NG Nigeria
NL Netherlands; NO Norway; NZ New Zealand; PA Panama; PE Peru; PH Philippines; PK Pakistan; PL Poland; PT Portugal
PY Paraguay; RO Romania; RS Serbia; RU Russia; SA Saudi Arabia; SE Sweden; SG Singapore; SI Slovenia; SK Slovakia
TH Thailand; TR Türkiye; UA Ukraine; UY Uruguay; VE Venezuela; XK Kosovo; ZA South Africa
"""
_NAME_OF = dict(named.strip().split(" ", 1) for line in _NAMES.strip().splitlines() for named in line.split(";"))


def issuer_name(code: str | None, otherwise: str) -> str:
    """Return an issuer as a person says it, with its code: `California (US-CA)`."""
    if code is None:
        return otherwise
    name = _NAME_OF.get(code)
    return f"{name} ({code})" if name else code
