/** The main process: a window, the engine beside it, and a port between the two. */

const { app, BrowserWindow, ipcMain, MessageChannelMain, utilityProcess } = require('electron')
const { existsSync, mkdtempSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')

/** Where an installer may have put libtorch; else it is looked for as everywhere. */
const bundled = join(process.resourcesPath, 'libtorch')
const options = existsSync(bundled) ? { libtorchPath: bundled } : {}

function openWindow() {
  const window = new BrowserWindow({
    width: 900,
    height: 640,
    webPreferences: { preload: join(__dirname, 'preload.js'), sandbox: true },
  })
  // Native code of its own process: what goes wrong there leaves the window as it is.
  const engine = utilityProcess.fork(join(__dirname, 'engine-process.js'), [], {
    serviceName: 'audioldm',
  })
  const { port1, port2 } = new MessageChannelMain()
  engine.postMessage(options, [port1])
  window.webContents.once('did-finish-load', () => {
    window.webContents.postMessage('engine', null, [port2])
  })
  window.on('closed', () => engine.kill())
  window.loadFile(join(__dirname, 'renderer', 'index.html'))
}

/** Names come from prompts: what is no letter or digit stays out of the path. */
function fileNameOf(title) {
  const words = String(title)
    .normalize('NFKC')
    .match(/[\p{L}\p{N}]+/gu) ?? ['sound']
  return `${words.join('-').slice(0, 60)}.wav`
}

app.whenReady().then(() => {
  const drags = mkdtempSync(join(app.getPath('temp'), 'audioldm-'))
  // A drag out of the window needs a file on the disk, and a picture beside the pointer.
  ipcMain.on('drag', (event, title, wav) => {
    const file = join(drags, fileNameOf(title))
    writeFileSync(file, wav)
    event.sender.startDrag({ file, icon: join(__dirname, 'renderer', 'drag.png') })
  })
  openWindow()
})

app.on('window-all-closed', () => app.quit())
