"""Sample texts of the public pages, honest about being samples. The office puts its own in their place."""

from __future__ import annotations

#: name → (title vi, title en, body vi, body en). Duties as listed for NĐ 248/2026/NĐ-CP and Law 91/2025/QH15.
TEXTS: dict[str, tuple[str, str, str, str]] = {
    "gioi-thieu": (
        "Giới thiệu",
        "About",
        """OCOP là chương trình Mỗi xã một sản phẩm: sản phẩm của địa phương được chấm theo 26 bộ tiêu chí và công nhận từ 3 đến 5 sao, mỗi lần 36 tháng.

## Vì sao có trang này
- Người mua thấy sao chỉ khi giấy chứng nhận còn hiệu lực.
- Mỗi lô hàng có một trang riêng: nguyên liệu từ đâu, ai làm, qua những bước nào.
- Mã QR trên bao bì mở đúng trang ấy, không cần đăng nhập.

## Ba Tơ
Từ 01/07/2025, huyện Ba Tơ cũ là tám xã: Ba Tơ, Ba Vinh, Ba Động, Ba Dinh, Đặng Thùy Trâm, Ba Tô, Ba Vì và Ba Xa.

Dải hoa văn trên trang này vẽ lại nét zíc-zắc đơn giản của thổ cẩm. Nghề dệt của người Hrê ở Làng Teng là của những người dệt ở đó.""",
        """OCOP is the programme One Commune One Product: local goods are scored by 26 sets of criteria and recognised at 3 to 5 stars, for 36 months at a time.

## Why this site
- Stars are shown only while a certificate stands.
- Each batch has a page of its own: where the raw material came from, who made it, by which steps.
- The QR code on the pack opens that very page, without signing in.

## Ba Tơ
Since 1 July 2025 the former district of Ba Tơ is eight communes: Ba Tơ, Ba Vinh, Ba Động, Ba Dinh, Đặng Thùy Trâm, Ba Tô, Ba Vì and Ba Xa.

The band on these pages draws a plain zigzag of the local brocade. The weaving of the Hrê in Làng Teng belongs to its weavers.""",
    ),
    "chu-so-huu": (
        "Chủ sở hữu trang",
        "Owner of the shop",
        "Cơ quan vận hành, địa chỉ, số điện thoại, thư điện tử, số đăng ký hoặc thông báo với cơ quan quản lý: cơ quan OCOP điền vào đây trước khi mở cửa hàng.",
        "The operator, its address, telephone, e-mail and registration with the authority: the office enters them before the shop opens.",
    ),
    "dieu-khoan": (
        "Điều khoản sử dụng",
        "Terms of use",
        """## Ai bán
Mỗi sản phẩm do chủ thể ghi trên trang sản phẩm làm ra và chịu trách nhiệm. Trang này giới thiệu, truy xuất và dẫn tới nơi bán.

## Thông tin
- Chủ thể khai và chịu trách nhiệm về nội dung đã khai.
- Cơ quan OCOP duyệt nội dung trước khi đăng.
- Nội dung sai được gỡ trong 24 giờ kể từ khi có yêu cầu của cơ quan có thẩm quyền.

## Mua hàng
Hiện chưa đặt hàng trên trang; người mua đến điểm bán hoặc gọi chủ thể.""",
        """## Who sells
Each product is made by the producer named on its page, who answers for it. This site shows, traces, and leads to where it is sold.

## Information
- Producers declare it and answer for it.
- The programme office reads it before it is shown.
- Wrong content is taken down within 24 hours of an authority's request.

## Buying
Nothing is ordered here yet: buyers go to a sales point or call the producer.""",
    ),
    "bao-mat": (
        "Bảo vệ dữ liệu cá nhân",
        "Privacy",
        """## Thu thập gì
- Người xem: không thu thập gì để biết bạn là ai. Chỉ có một cookie ghi ngôn ngữ bạn chọn.
- Người đăng nhập: họ tên, số điện thoại hoặc thư điện tử, vai trò trong tổ chức.

## Để làm gì
Để đăng nhập, ghi ai đã làm việc gì, và liên lạc khi cần. Không dùng vào việc khác.

## Lưu bao lâu
Tài khoản được lưu khi còn làm việc; sổ ghi theo pháp luật giữ mã số, không giữ tên.

## Chia sẻ với ai
Không chia sẻ, trừ khi cơ quan có thẩm quyền yêu cầu theo luật.

## Quyền của bạn
- Xem và sửa dữ liệu của mình: trong 10 ngày.
- Rút lại đồng ý, hạn chế, phản đối: trong 15 ngày.
- Xóa: trong 20 ngày.

## Gửi yêu cầu
Gửi thư tới địa chỉ ở cuối trang; chúng tôi báo đã nhận trong 2 ngày làm việc.

## An toàn
Mật khẩu được băm, không ai đọc được. Dữ liệu nhạy cảm được che trên màn hình.

## Thay đổi
Bản mới có ngày hiệu lực và bản cũ vẫn được lưu.""",
        """## What is collected
- Visitors: nothing that says who you are. One cookie keeps the language you chose.
- Those who sign in: name, telephone or e-mail, role in an organisation.

## What for
To sign in, to record who did what, and to get in touch. For nothing else.

## For how long
Accounts while their people work here; ledgers kept by law hold numbers, not names.

## Shared with whom
Nobody, unless an authority asks by law.

## Your rights
- To see and correct your data: within 10 days.
- To withdraw consent, restrict, object: within 15 days.
- To have it deleted: within 20 days.

## How to ask
Write to the address at the foot of the page; we answer that we have it within 2 working days.

## Safety
Passwords are hashed and nobody can read them. Sensitive data are masked on screen.

## Changes
A new version has its day; earlier ones stay on record.""",
    ),
    "gia": (
        "Giá",
        "Prices",
        "Giá ghi bằng đồng, đã gồm thuế nếu có, cho đúng quy cách ghi bên cạnh. Giá mới có ngày bắt đầu; giá ở điểm bán là giá đã thỏa thuận trên phiếu ký gửi.",
        "Prices are in đồng, taxes included, for the pack named beside them. A new price has a first day; the price at a counter is the one agreed on the consignment note.",
    ),
    "thanh-toan": (
        "Thanh toán",
        "Payment",
        "Trả tiền tại điểm bán: tiền mặt hoặc chuyển khoản cho người bán. Trang này không giữ tiền của người mua.",
        "Pay at the counter, in cash or by transfer to the seller. This site holds no buyer's money.",
    ),
    "giao-hang": (
        "Giao hàng",
        "Delivery",
        "Hiện nhận hàng tại điểm bán. Khi mở đặt hàng, phí giao và thời gian sẽ ghi trước khi đặt.",
        "Goods are taken at the counter for now. When ordering opens, delivery cost and time are told before the order.",
    ),
    "doi-tra": (
        "Đổi trả và hoàn tiền",
        "Returns and refunds",
        """Hàng không đúng mô tả, hỏng hoặc quá hạn được đổi hoặc hoàn tiền tại nơi mua.

- Giữ bao bì có mã lô.
- Lô bị thu hồi: không dùng, mang đến điểm bán bất kỳ.""",
        """Goods that are not as described, damaged or out of date are exchanged or refunded where they were bought.

- Keep the pack with its batch code.
- Recalled batches: do not use them, take them to any sales point.""",
    ),
    "khieu-nai": (
        "Khiếu nại",
        "Complaints",
        """- Gửi thư tới địa chỉ ở cuối trang, kèm mã lô và ảnh.
- Nhận trả lời đã tiếp nhận trong 2 ngày làm việc, kết quả trong 15 ngày.
- Nghi hàng giả hoặc không an toàn: chúng tôi chuyển cơ quan kiểm tra trong 24 giờ.""",
        """- Write to the address at the foot of the page with the batch code and a photo.
- You hear that we have it within 2 working days, and the outcome within 15 days.
- Doubts about fakes or safety go to the inspectors within 24 hours.""",
    ),
    "xep-hang": (
        "Cách xếp hạng sản phẩm",
        "How products are ranked",
        """Khi không chọn cách xếp khác, thứ tự là:

- Hợp với từ đang tìm.
- Còn hàng trước, hết hàng sau.
- Nhiều sao OCOP còn hiệu lực hơn.
- Đăng gần đây hơn.

Không ai trả tiền để được xếp cao hơn.""",
        """Unless you choose another order:

- What fits the words you typed.
- In stock before out of stock.
- More valid OCOP stars.
- More recently published.

Nobody can pay for a better place.""",
    ),
}
