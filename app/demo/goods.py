"""What the Ba Tơ data set consists of. Days are counted from the day it is loaded, so that it is always alive.

Public facts (three producers, their products, press ratings with their source, communes) come from public pages
named beside them. Everything else is a sample and is marked as one on screen: names of groups, prices, lots,
certificates. No telephone number, no person's address; e-mails are at demo.example only.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Maker:
    """A producer. ``code`` is its organisation code."""

    code: str
    name_vi: str
    name_en: str
    form: str  #: value of accounts.models.LegalForm
    commune: str
    address: str
    picture: str
    story_vi: str
    story_en: str
    is_sample: bool = True
    woman_led: bool | None = None
    minority_led: bool | None = None
    youth_led: bool | None = None


@dataclass(frozen=True)
class Good:
    """A product with its trade items, raw material, and how it is made."""

    key: str  #: of its picture
    maker: str
    set_no: int
    name_vi: str
    name_en: str
    summary_vi: str
    summary_en: str
    ingredients: tuple[str, str]
    #: (name vi, name en, net content, unit, price in đồng)
    items: tuple[tuple[str, str, int, str, int], ...]
    raw: tuple[str, str, str, int] = ("", "", "g", 0)  #: name vi, name en, unit, amount used for one pack
    between: tuple[str, str] | None = None  #: a lot in between: name vi, name en
    steps: tuple[str, ...] = ()  #: keys of traceability/data/steps.json
    keeps_days: int | None = 365
    stars: int | None = None
    certificate: str = "valid"  #: valid, expiring, expired, revoked
    press: tuple[str, str] = ("", "")
    label: dict[str, tuple[str, str]] = field(default_factory=dict)
    is_sample: bool = True
    gtin: str = ""
    village: str = ""
    state: str = "published"  #: published, submitted, draft, returned


MAKERS = [
    Maker(
        "thsung", "Hộ kinh doanh Thổ cẩm H're Thị Sung", "Thị Sung H'rê Brocade", "household", "21496",
        "thôn Làng Teng", "prod-weaving-1",
        "Hộ dệt thổ cẩm ở Làng Teng, xã Ba Động (trước là xã Ba Thành). Báo chí viết về Làng Teng như nơi còn giữ nghề "
        "dệt của người Hrê ở Quảng Ngãi; nghề dệt ở đây là di sản văn hóa phi vật thể quốc gia.",
        "A weaving household in Làng Teng, commune of Ba Động (Ba Thành before 2025). The press describes Làng Teng as "
        "the place in Quảng Ngãi where Hrê weaving lives on; the craft is national intangible heritage.",
        is_sample=False, woman_led=True, minority_led=True,
    ),
    Maker(
        "yhoa", "Hộ kinh doanh Phạm Thị Y Hòa (thổ cẩm Y Hòa)", "Y Hòa Brocade", "household", "21496",
        "thôn Làng Teng", "prod-weaving-2",
        "Hộ kinh doanh ở Làng Teng may túi xách từ vải thổ cẩm dệt tại làng.",
        "A household business in Làng Teng that sews bags from brocade woven in the village.",
        is_sample=False, woman_led=True,
    ),
    Maker(
        "htxbto", "Hợp tác xã Nông nghiệp Ba Tô", "Ba Tô Agricultural Cooperative", "cooperative", "21523",
        "", "prod-rice-coop",
        "Hợp tác xã ở xã Ba Tô làm gạo rẫy cùng các hộ liên kết, theo cách canh tác tự nhiên của người Hrê.",
        "A cooperative in the commune of Ba Tô that grows upland rice with linked households, in the natural way of "
        "Hrê farmers.",
        is_sample=False, woman_led=True,
    ),
    Maker(
        "ongbv", "Tổ hợp tác Mật ong Ba Vì (mẫu)", "Ba Vì Honey Group (sample)", "cooperative_group", "21529",
        "thôn mẫu", "prod-honey",
        "Tổ hợp tác mẫu: các hộ đặt thùng ong ở bìa rừng, lấy mật theo mùa hoa và để mật lắng tự nhiên.",
        "A sample group: households keep hives at the edge of the forest and let the honey settle by itself.",
        youth_led=True,
    ),
    Maker(
        "gvbx", "Tổ hợp tác Gia vị rừng Ba Xa (mẫu)", "Ba Xa Forest Spice Group (sample)", "cooperative_group", "21538",
        "thôn mẫu", "prod-forest",
        "Tổ hợp tác mẫu: thu hái sả rừng, lá sưng, ớt xiêm theo mùa, phơi và đóng gói tại xã.",
        "A sample group that gathers forest spices in season and dries and packs them in the commune.",
        minority_led=None,
    ),
    Maker(
        "htxbv", "Hợp tác xã Nông sản Ba Vinh (mẫu)", "Ba Vinh Produce Cooperative (sample)", "cooperative", "21490",
        "thôn mẫu", "prod-bamboo",
        "Hợp tác xã mẫu: măng, chuối và nấm của các hộ thành viên, chế biến trong một xưởng chung.",
        "A sample cooperative: bamboo shoots, bananas and mushrooms of its members, processed in one workshop.",
    ),
    Maker(
        "dlbd", "Hợp tác xã Dược liệu Ba Dinh (mẫu)", "Ba Dinh Herb Cooperative (sample)", "cooperative", "21499",
        "thôn mẫu", "prod-herbs",
        "Hợp tác xã mẫu: trồng và chưng cất cây thuốc, làm trà, tinh dầu và xà phòng thảo dược.",
        "A sample cooperative that grows and distils herbs for teas, oils and soap.",
        woman_led=True,
    ),
    Maker(
        "simdt", "Cơ sở Đồ uống Sim rừng Đặng Thùy Trâm (mẫu)", "Forest Myrtle Drinks (sample)", "household", "21520",
        "thôn mẫu", "prod-drinks",
        "Cơ sở mẫu: nước sim và rượu sim từ trái sim chín hái ở đồi trong xã.",
        "A sample household: drinks from rose-myrtle berries picked on the hills of the commune.",
    ),
    Maker(
        "rcbto", "Tổ hợp tác Rượu cần Hrê Ba Tơ (mẫu)", "Ba Tơ Hrê Jar Wine Group (sample)", "cooperative_group",
        "21484", "thôn mẫu", "prod-drinks",
        "Tổ hợp tác mẫu: ủ rượu cần theo cách của người Hrê, dùng trong lễ hội và đón khách.",
        "A sample group that ferments jar wine in the Hrê way, for feasts and guests.",
    ),
    Maker(
        "cpbto", "Hợp tác xã Cà phê rẫy Ba Tô (mẫu)", "Ba Tô Hill Coffee Cooperative (sample)", "cooperative", "21523",
        "thôn mẫu", "prod-coffee",
        "Hợp tác xã mẫu: cà phê trồng xen trên rẫy, rang theo mẻ nhỏ.",
        "A sample cooperative: coffee grown between other crops, roasted in small batches.",
        youth_led=True,
    ),
    Maker(
        "thitbd", "Cơ sở Thịt gác bếp Ba Động (mẫu)", "Ba Động Smoked Meat (sample)", "household", "21496",
        "thôn mẫu", "prod-meat",
        "Cơ sở mẫu: thịt trâu và heo ky của các hộ trong xã, ướp và gác bếp.",
        "A sample household: buffalo and local pork, marinated and smoked over the hearth.",
    ),
    Maker(
        "hoabto", "Tổ hợp tác Hoa và cây cảnh Ba Tơ (mẫu)", "Ba Tơ Flower Group (sample)", "cooperative_group", "21484",
        "thôn mẫu", "prod-flowers",
        "Tổ hợp tác mẫu: lan rừng nhân giống, cây cảnh và cá cảnh nuôi tại vườn.",
        "A sample group: propagated forest orchids, bonsai and ornamental fish.",
    ),
    Maker(
        "dlbh", "Tổ hợp tác Du lịch cộng đồng Bùi Hui (mẫu)", "Bùi Hui Community Tourism (sample)",
        "cooperative_group", "21520", "thôn mẫu", "prod-tourism",
        "Tổ hợp tác mẫu: đón khách cắm trại trên thảo nguyên và ở nhà sàn, do người trong thôn dẫn đường.",
        "A sample group: camping on the highland grass and stays in stilt houses, with guides from the village.",
        woman_led=True,
    ),
]  # fmt: skip

_GLASS = ("Để nơi khô mát, tránh nắng. Mở nắp rồi thì dùng trong 3 tháng.", "Keep cool, dry and out of the sun.")

GOODS = [
    Good(
        "khan-thi-sung", "thsung", 22, "Khăn quàng cổ thổ cẩm Thị Sung", "Thị Sung brocade scarf",
        "Khăn dệt tay trên khung dệt Hrê ở Làng Teng.", "A scarf woven by hand on a Hrê loom in Làng Teng.",
        ("Sợi dệt thổ cẩm", "Brocade yarn"), (("chiếc 170 × 30 cm", "170 × 30 cm", 1, "piece", 320_000),),
        ("Sợi dệt", "Yarn", "g", 220), ("Vải thổ cẩm", "Brocade cloth"), ("dye", "weave", "sew"), None,
        press=("4 sao, theo báo chí (VOV4); chưa tìm thấy số quyết định.", "4 stars according to the press (VOV4)."),
        is_sample=False, village="thôn Làng Teng",
    ),
    Good(
        "tui-y-hoa", "yhoa", 22, "Túi xách thổ cẩm Y Hòa", "Y Hòa brocade handbag",
        "Túi may từ vải thổ cẩm Làng Teng.", "A bag sewn from Làng Teng brocade.",
        ("Vải thổ cẩm, lót vải bông", "Brocade, cotton lining"), (("chiếc", "one bag", 1, "piece", 450_000),),
        ("Vải thổ cẩm", "Brocade cloth", "g", 350), None, ("sew", "check"), None,
        press=("3 sao, theo báo chí (langngheviet.com.vn); chưa tìm thấy số quyết định.",
               "3 stars according to the press (langngheviet.com.vn)."),
        is_sample=False, village="thôn Làng Teng",
    ),
    Good(
        "gao-ray-phat-huy", "htxbto", 3, "Gạo rẫy Phát Huy", "Phát Huy upland rice",
        "Gạo lúa rẫy của người Hrê ở Ba Tô, hạt đậm, cơm dẻo thơm.", "Upland rice of Hrê farmers in Ba Tô.",
        ("Gạo lúa rẫy 100 %", "Upland rice, 100 %"),
        (("túi 1 kg", "1 kg bag", 1000, "g", 50_000), ("túi 5 kg", "5 kg bag", 5000, "g", 245_000)),
        ("Lúa rẫy", "Upland paddy", "g", 1600), ("Gạo lứt", "Husked rice"), ("harvest", "dry", "mill"), 365,
        press=("3 sao, theo báo chí (vrviet.vn, 23/04/2025); chưa tìm thấy số quyết định.",
               "3 stars according to the press (vrviet.vn, 23 April 2025)."),
        is_sample=False,
    ),
    Good(
        "gao-ray-say-gion", "htxbto", 6, "Gạo rẫy sấy giòn", "Crispy upland rice",
        "Gạo rẫy rang sấy giòn, ăn liền.", "Upland rice, puffed and crisp, ready to eat.",
        ("Gạo rẫy, muối, đường mía", "Upland rice, salt, cane sugar"),
        (("gói 200 g", "200 g pack", 200, "g", 45_000),),
        ("Gạo rẫy", "Upland rice", "g", 240), None, ("sort", "dry", "pack"), 180, is_sample=False,
    ),
    Good(
        "bot-gao-ray", "htxbto", 6, "Bột gạo rẫy", "Upland rice flour",
        "Bột xay từ gạo rẫy, làm bánh và nấu cháo.", "Flour ground from upland rice, for cakes and porridge.",
        ("Gạo rẫy 100 %", "Upland rice, 100 %"), (("gói 500 g", "500 g pack", 500, "g", 40_000),),
        ("Lúa rẫy", "Upland paddy", "g", 900), ("Gạo xát", "Milled rice"), ("mill", "grind"), 240, is_sample=False,
    ),
    Good(
        "mat-ong-rung", "ongbv", 4, "Mật ong hoa rừng Ba Vì", "Ba Vì forest honey",
        "Mật ong mùa hoa rừng, để lắng tự nhiên, không hạ thủy phần bằng nhiệt.",
        "Honey of the forest bloom, settled by itself, never heated.",
        ("Mật ong 100 %", "Honey, 100 %"),
        (("chai 500 ml", "500 ml bottle", 500, "ml", 180_000), ("chai 250 ml", "250 ml bottle", 250, "ml", 95_000)),
        ("Mật ong thô", "Raw honey", "g", 760), ("Mật đã lắng", "Settled honey"), ("filter", "bottle"), 730, 4,
        label={"storage": _GLASS}, gtin="9521234500018",
    ),
    Good(
        "tra-gung-mat-ong", "ongbv", 12, "Trà gừng mật ong", "Ginger and honey tea",
        "Gừng lát ngâm mật ong, pha nước nóng.", "Ginger slices in honey, for hot water.",
        ("Gừng, mật ong", "Ginger, honey"), (("hũ 300 g", "300 g jar", 300, "g", 85_000),),
        ("Gừng tươi", "Fresh ginger", "g", 260), None, ("wash", "marinate", "bottle"), 365, 3, "expiring",
        label={"storage": _GLASS},
    ),
    Good(
        "qua-sa-rung", "gvbx", 10, "Quả sả rừng khô", "Dried forest sả berries",
        "Quả sả rừng hái tháng 5–7, phơi nắng, dùng ướp thịt và chấm.", "Forest berries picked in May to July.",
        ("Quả sả rừng 100 %", "Forest sả berries, 100 %"), (("hũ 100 g", "100 g jar", 100, "g", 42_000),),
        ("Quả sả tươi", "Fresh berries", "g", 320), None, ("sort", "dry"), 365, 4,
    ),
    Good(
        "la-sung", "gvbx", 10, "Lá sưng sấy", "Dried sưng leaves",
        "Lá gia vị của người Hrê, sấy nhẹ để giữ mùi.", "A Hrê spice leaf, dried gently to keep its scent.",
        ("Lá sưng 100 %", "Sưng leaves, 100 %"), (("gói 50 g", "50 g pack", 50, "g", 28_000),),
        ("Lá sưng tươi", "Fresh leaves", "g", 260), None, ("wash", "dry"), 270, 3,
    ),
    Good(
        "ot-xiem-ngam", "gvbx", 10, "Ớt xiêm rừng ngâm", "Pickled wild chillies",
        "Ớt xiêm nhỏ trái ngâm giấm.", "Small wild chillies in vinegar.",
        ("Ớt xiêm, giấm, muối", "Chillies, vinegar, salt"), (("hũ 200 g", "200 g jar", 200, "g", 55_000),),
        ("Ớt xiêm tươi", "Fresh chillies", "g", 160), None, ("wash", "marinate"), 365, 3, "expired",
    ),
    Good(
        "mang-kho", "htxbv", 7, "Măng khô Ba Vinh", "Ba Vinh dried bamboo shoots",
        "Măng rừng luộc, phơi khô, không xông lưu huỳnh.", "Forest shoots, boiled and sun-dried, no sulphur.",
        ("Măng tươi 100 %", "Bamboo shoots, 100 %"), (("gói 500 g", "500 g pack", 500, "g", 160_000),),
        ("Măng tươi", "Fresh shoots", "g", 5200), ("Măng luộc", "Boiled shoots"), ("wash", "dry"), 365, 4,
    ),
    Good(
        "chuoi-say", "htxbv", 7, "Chuối sấy dẻo", "Soft dried banana",
        "Chuối mốc chín sấy dẻo, không thêm đường.", "Ripe local bananas, dried soft, nothing added.",
        ("Chuối 100 %", "Banana, 100 %"), (("gói 250 g", "250 g pack", 250, "g", 48_000),),
        ("Chuối chín", "Ripe bananas", "g", 900), None, ("sort", "dry", "pack"), 180, 3,
    ),
    Good(
        "nam-linh-chi", "htxbv", 20, "Nấm linh chi thái lát", "Sliced lingzhi",
        "Nấm linh chi trồng dưới tán rừng, thái lát, sấy khô.", "Lingzhi grown under the forest, sliced and dried.",
        ("Nấm linh chi khô", "Dried lingzhi"), (("hộp 100 g", "100 g box", 100, "g", 120_000),),
        ("Nấm linh chi tươi", "Fresh lingzhi", "g", 420), None, ("sort", "dry"), 540, None,
        label={"part_used": ("Thể quả", "Fruit body")},
    ),
    Good(
        "che-day-rung", "dlbd", 12, "Chè dây rừng Ba Dinh", "Ba Dinh forest vine tea",
        "Lá chè dây rừng vò tay, sao nhẹ.", "Forest vine leaves, rolled by hand and lightly pan-dried.",
        ("Lá chè dây 100 %", "Vine tea leaves, 100 %"), (("gói 200 g", "200 g pack", 200, "g", 70_000),),
        ("Lá chè dây tươi", "Fresh leaves", "g", 900), None, ("wash", "dry"), 540, 4,
    ),
    Good(
        "tinh-dau-sa", "dlbd", 20, "Tinh dầu sả", "Lemongrass oil",
        "Tinh dầu chưng cất hơi nước từ sả trồng ở Ba Dinh.", "Steam-distilled from lemongrass grown in Ba Dinh.",
        ("Tinh dầu sả 100 %", "Lemongrass oil, 100 %"), (("chai 30 ml", "30 ml bottle", 30, "ml", 95_000),),
        ("Sả tươi", "Fresh lemongrass", "g", 9000), ("Tinh dầu thô", "Crude oil"), ("distil", "filter"), 730, 3,
        label={"part_used": ("Thân và lá", "Stalks and leaves")},
    ),
    Good(
        "cao-duoc-lieu", "dlbd", 20, "Cao xoa thảo dược", "Herbal balm",
        "Cao xoa từ dược liệu trong vườn.", "A balm of herbs from the garden.",
        ("Sáp ong, tinh dầu sả, gừng", "Beeswax, lemongrass oil, ginger"), (("hũ 40 g", "40 g jar", 40, "g", 60_000),),
        ("Dược liệu khô", "Dried herbs", "g", 120), None, ("press", "pack"), 540, 3, "revoked",
        label={"part_used": ("Thân, lá, củ", "Stalks, leaves, roots")},
    ),
    Good(
        "xa-phong-thao-duoc", "dlbd", 19, "Xà phòng thảo dược", "Herbal soap",
        "Xà phòng nấu chậm với dầu dừa và tinh dầu sả.", "Slow-made soap with coconut and lemongrass oil.",
        ("Dầu dừa, tinh dầu sả, nước, sút", "Coconut oil, lemongrass oil, water, lye"),
        (("bánh 100 g", "100 g bar", 100, "g", 45_000),),
        ("Dầu dừa", "Coconut oil", "g", 80), None, ("mix", "pack"), 730, None,
        label={"claims": ("Làm sạch da", "Cleans the skin"),
               "registration": ("Số mẫu – Dữ liệu mẫu", "Sample number")},
    ),
    Good(
        "nuoc-sim", "simdt", 17, "Nước sim rừng", "Forest myrtle drink",
        "Nước ép trái sim chín, thanh trùng.", "Juice of ripe rose-myrtle berries, pasteurised.",
        ("Nước sim, đường, nước", "Myrtle juice, sugar, water"), (("chai 330 ml", "330 ml bottle", 330, "ml", 32_000),),
        ("Trái sim chín", "Ripe berries", "g", 210), ("Nước sim cốt", "Myrtle juice"), ("press", "bottle"), 270, 3,
    ),
    Good(
        "ruou-sim", "simdt", 15, "Rượu sim Ba Tơ", "Ba Tơ myrtle wine",
        "Rượu lên men từ trái sim.", "A wine fermented from rose-myrtle berries.",
        ("Trái sim, đường, men", "Myrtle berries, sugar, yeast"), (("chai 500 ml", "500 ml bottle", 500, "ml", 140_000),),
        ("Trái sim chín", "Ripe berries", "g", 800), ("Rượu non", "Young wine"), ("ferment", "bottle"), None, 3,
        label={"alcohol_content": ("12 % thể tích", "12 % by volume")},
    ),
    Good(
        "ruou-can-hre", "rcbto", 15, "Rượu cần Hrê", "Hrê jar wine",
        "Rượu cần ủ trong ché với men lá.", "Wine fermented in the jar with leaf yeast.",
        ("Gạo nếp, men lá", "Sticky rice, leaf yeast"), (("ché 3 l", "3 l jar", 3000, "ml", 350_000),),
        ("Gạo nếp rẫy", "Upland sticky rice", "g", 2200), None, ("ferment", "pack"), None, None,
        label={"alcohol_content": ("khoảng 10 % thể tích", "about 10 % by volume")},
    ),
    Good(
        "ca-phe-ray", "cpbto", 13, "Cà phê rẫy rang mộc", "Hill coffee, plainly roasted",
        "Cà phê hái chín, phơi nguyên trái, rang mộc theo mẻ.", "Ripe cherries, dried whole, roasted in batches.",
        ("Cà phê 100 %", "Coffee, 100 %"), (("gói 250 g", "250 g pack", 250, "g", 88_000),),
        ("Cà phê trái", "Coffee cherries", "g", 1500), ("Cà phê nhân", "Green coffee"), ("dry", "roast", "grind"), 365, 5,
        gtin="9521234500025",
    ),
    Good(
        "thit-trau-gac-bep", "thitbd", 8, "Thịt trâu gác bếp", "Hearth-dried buffalo",
        "Thịt trâu ướp sả rừng, gác bếp củi.", "Buffalo with forest sả, dried over a wood fire.",
        ("Thịt trâu, sả rừng, muối, ớt", "Buffalo, forest sả, salt, chilli"),
        (("gói 300 g", "300 g pack", 300, "g", 290_000),),
        ("Thịt trâu tươi", "Fresh buffalo", "g", 900), None, ("marinate", "dry", "test"), 120, 4, "expiring",
    ),
    Good(
        "heo-ky", "thitbd", 8, "Heo ky hun khói", "Smoked local pork",
        "Thịt heo ky nuôi thả, hun khói.", "Free-range local pork, smoked.",
        ("Thịt heo ky, muối, tiêu", "Local pork, salt, pepper"), (("gói 400 g", "400 g pack", 400, "g", 210_000),),
        ("Thịt heo ky", "Local pork", "g", 620), None, ("marinate", "dry"), 90, None,
    ),
    Good(
        "gio-may-nuoc", "hoabto", 21, "Giỏ mây nước đan tay", "Hand-woven rattan basket",
        "Giỏ đan từ mây nước, quai tết.", "A basket of water rattan with a plaited handle.",
        ("Mây nước", "Water rattan"), (("chiếc", "one basket", 1, "piece", 180_000),),
        ("Mây nước", "Water rattan", "g", 700), None, ("dry", "plait", "check"), None, 3,
    ),
    Good(
        "hoa-lan-rung", "hoabto", 23, "Lan rừng nhân giống", "Propagated forest orchid",
        "Lan rừng nhân giống trong vườn, không khai thác từ rừng.", "Propagated in the garden, not taken from the forest.",
        ("Lan trồng chậu", "Potted orchid"), (("chậu", "one pot", 1, "piece", 220_000),),
        ("Cây giống lan", "Orchid seedlings", "piece", 1), None, ("tend", "check"), None, 3,
        label={"species": ("Lan rừng, giống nhân trong vườn", "Forest orchid, propagated"),
               "raised": ("Trồng chậu tại vườn", "Grown in pots")},
    ),
    Good(
        "cay-canh-bonsai", "hoabto", 24, "Cây cảnh sanh mini", "Miniature ficus",
        "Cây sanh uốn trong chậu nhỏ.", "A ficus shaped in a small pot.",
        ("Cây sanh", "Ficus"), (("chậu", "one pot", 1, "piece", 380_000),),
        ("Phôi cây sanh", "Young ficus", "piece", 1), None, ("tend",), None, None,
        label={"species": ("Cây sanh", "Ficus benjamina"), "raised": ("Trồng chậu, uốn tay", "Pot-grown, shaped by hand")},
    ),
    Good(
        "ca-canh", "hoabto", 25, "Cá cảnh bảy màu", "Guppies",
        "Cá bảy màu nuôi bể xi măng.", "Guppies bred in tanks.",
        ("Cá bảy màu", "Guppies"), (("túi 10 con", "bag of 10", 10, "piece", 60_000),),
        ("Cá bố mẹ", "Breeding fish", "piece", 1), None, ("tend",), None, None,
        label={"species": ("Cá bảy màu", "Poecilia reticulata"), "raised": ("Nuôi bể", "Bred in tanks")},
        state="submitted",
    ),
    Good(
        "du-lich-bui-hui", "dlbh", 26, "Cắm trại thảo nguyên Bùi Hui", "Camping at Bùi Hui",
        "Hai ngày một đêm trên thảo nguyên, ăn bữa của người Hrê.", "Two days and a night on the highland grass.",
        ("", ""), (("một khách", "one guest", 1, "piece", 850_000),), stars=4,
    ),
    Good(
        "du-lich-lang-teng", "dlbh", 26, "Một ngày ở làng dệt Làng Teng", "A day in the weaving village",
        "Học dệt, ăn trưa ở nhà sàn, nghe kể chuyện hoa văn.", "Learn to weave, lunch in a stilt house.",
        ("", ""), (("một khách", "one guest", 1, "piece", 420_000),), stars=3,
    ),
    Good(
        "ca-vat-tho-cam", "dlbh", 22, "Cà vạt thổ cẩm (mẫu)", "Brocade necktie (sample)",
        "Cà vạt may từ dải thổ cẩm.", "A tie sewn from a brocade band.",
        ("Vải thổ cẩm", "Brocade"), (("chiếc", "one tie", 1, "piece", 190_000),),
        ("Dải thổ cẩm", "Brocade bands", "g", 60), None, ("sew",), None, None, state="draft",
    ),
]  # fmt: skip

#: Label fields of each kind for which a product says nothing of its own.
USUAL: dict[str, tuple[str, str]] = {
    "use": ("Dùng theo nhu cầu; chi tiết ghi trên bao bì.", "Use as needed; see the pack."),
    "storage": ("Để nơi khô mát, tránh ánh nắng trực tiếp.", "Keep cool and dry, out of direct sun."),
    "warnings": ("Không dùng khi bao bì hở, hàng ẩm mốc hoặc quá hạn.", "Do not use if open, mouldy or out of date."),
    "claims": ("Nội dung mẫu", "Sample text"),
    "notice": ("Sản phẩm này không phải là thuốc.", "This is not a medicine."),
    "registration": ("Số mẫu – Dữ liệu mẫu", "Sample number"),
    "part_used": ("Toàn cây", "Whole plant"),
    "alcohol_content": ("12 % thể tích", "12 % by volume"),
    "specifications": ("Kích thước ghi trên nhãn; hàng làm tay có thể chênh vài phần trăm.", "Size on the label."),
    "species": ("Ghi trên nhãn", "On the label"),
    "raised": ("Nuôi trồng tại vườn", "Raised in the garden"),
    "duration": ("2 ngày 1 đêm, hoặc trong ngày", "Two days and one night, or one day"),
    "group_size": ("2–12 khách", "2–12 guests"),
    "meeting_point": ("Nhà văn hóa thôn", "The village hall"),
    "included": ("Người dẫn đường, ăn, lều hoặc nhà sàn", "Guide, meals, tent or stilt house"),
    "season": ("Tháng 12 đến tháng 8", "December to August"),
    "booking": ("Hỏi cơ quan OCOP theo địa chỉ ở cuối trang", "Ask the programme office"),
    "safety": ("Đi giày kín, nghe theo người dẫn đường", "Wear closed shoes; follow the guide"),
}


@dataclass(frozen=True)
class Counter:
    """A sales point."""

    code: str
    name_vi: str
    name_en: str
    commune: str
    picture: str
    hours: str
    is_sample: bool = True


COUNTERS = [
    Counter("diemb1", "Điểm giới thiệu và bán sản phẩm OCOP Ba Tơ", "Ba Tơ OCOP shop", "21484", "point-1", "7:30–17:30 hằng ngày"),
    Counter("diemb2", "Điểm bán hàng Việt Ba Tơ", "Ba Tơ Vietnamese goods shop", "21484", "point-2", "7:00–19:00 hằng ngày"),
    Counter("diemb3", "Quầy OCOP Làng Teng (mẫu)", "Làng Teng counter (sample)", "21496", "point-3", "8:00–17:00, nghỉ thứ Hai"),
    Counter("diemb4", "Quầy chợ Ba Vì (mẫu)", "Ba Vì market stall (sample)", "21529", "point-4", "5:30–11:00 hằng ngày"),
    Counter("diemb5", "Trạm dừng đèo (mẫu)", "Mountain pass stop (sample)", "21520", "point-5", "6:00–20:00 hằng ngày"),
    Counter("diemb6", "Gian hàng OCOP Ba Tô (mẫu)", "Ba Tô OCOP stall (sample)", "21523", "point-6", "7:30–17:00, trừ Chủ nhật"),
]  # fmt: skip

OFFICES = [
    ("office", "Tổ OCOP tỉnh Quảng Ngãi (mẫu)", "51", "21484"),
    ("ocop1", "Tổ OCOP xã Ba Tơ (mẫu)", "21484", "21484"),
    ("ocop2", "Tổ OCOP xã Ba Vinh (mẫu)", "21490", "21490"),
    ("ocop3", "Tổ OCOP xã Ba Động (mẫu)", "21496", "21496"),
    ("ocop4", "Tổ OCOP xã Ba Dinh (mẫu)", "21499", "21499"),
    ("ocop5", "Tổ OCOP xã Đặng Thùy Trâm (mẫu)", "21520", "21520"),
    ("ocop6", "Tổ OCOP xã Ba Tô (mẫu)", "21523", "21523"),
    ("ocop7", "Tổ OCOP xã Ba Vì (mẫu)", "21529", "21529"),
    ("ocop8", "Tổ OCOP xã Ba Xa (mẫu)", "21538", "21538"),
]

#: (name of the e-mail before @demo.example, organisation code, role, person's name)
PEOPLE = [
    ("office", "office", "manager", "Cán bộ OCOP tỉnh (mẫu)"),
    ("commune", "ocop3", "manager", "Cán bộ OCOP xã Ba Động (mẫu)"),
    ("producer", "ongbv", "manager", "Tổ trưởng mật ong (mẫu)"),
    ("point", "diemb1", "manager", "Người bán hàng (mẫu)"),
]
