/* Photos are made smaller before they are sent: a phone's 6 MB become 400 kB. What cannot be read goes up as it is. */
(() => {
  const LONGEST_SIDE = 1600;
  const WORTH_IT = 600_000; // bytes
  const pending = new Map(); // form → promise

  const smaller = async (file) => {
    if (file.size < WORTH_IT || !/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
      if (!blob || blob.size >= file.size) return file;
      return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
    } catch {
      return file;
    }
  };

  addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches?.('input[type="file"][accept^="image"]') || !input.form) return;
    const chosen = [...input.files];
    const work = Promise.all(chosen.map(smaller)).then((files) => {
      if (files.some((file, i) => file !== chosen[i])) {
        const bag = new DataTransfer();
        files.forEach((file) => bag.items.add(file));
        input.files = bag.files;
      }
      if (pending.get(input.form) === work) pending.delete(input.form);
    });
    pending.set(input.form, work);
  });

  // A form sent while its photos are still being made smaller waits for them.
  addEventListener("submit", (event) => {
    const work = pending.get(event.target);
    if (!work) return;
    event.preventDefault();
    work.then(() => event.target.requestSubmit(event.submitter));
  });
})();
