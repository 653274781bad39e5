// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is the same on every page of charts: its looks and its script. gantt_html.cpp puts the data between.

namespace heddle::inline v0::sched {

inline constexpr const char* page_head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>heddle sched</title><style>
:root{color-scheme:light dark;--fg:#1c2330;--dim:#5b6575;--bg:#fff;--card:#f5f6f8;--line:#d9dde3;--mark:#0b6e4f;--wait:#c6ccd6;--miss:#c0392b}
:root.paper{color-scheme:light}
@media(prefers-color-scheme:dark){:root:not(.paper){--fg:#e6e9ef;--dim:#9aa4b2;--bg:#14181f;--card:#1c222b;--line:#323a46;--mark:#5fd0a5;--wait:#46505e;--miss:#ff6b5a}}
body{margin:0 auto;max-width:1240px;padding:24px;font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg)}
h1{font-size:22px;margin:0}h2{font-size:16px;margin:18px 0 6px;overflow-wrap:anywhere}p{margin:6px 0;overflow-wrap:anywhere}.dim{color:var(--dim)}.bad{color:var(--miss)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:6px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:600;color:var(--dim)}th:first-child,td:first-child{text-align:left}td.best{color:var(--mark);font-weight:600}
#bar{position:sticky;top:0;z-index:2;padding:6px 0;background:var(--bg)}
.chart{position:relative;background:var(--card);border-radius:6px;padding:10px;margin:6px 0}
canvas{display:block;width:100%;cursor:grab;touch-action:pan-y}canvas.moved{cursor:grabbing}
.at{position:absolute;top:10px;bottom:10px;width:1px;background:var(--fg);opacity:.45;pointer-events:none;display:none}
#tip{position:fixed;pointer-events:none;background:var(--fg);color:var(--bg);padding:4px 8px;border-radius:4px;font-size:12px;display:none;z-index:9;white-space:pre-wrap;overflow-wrap:anywhere;max-width:calc(100vw - 40px)}
button{font:inherit;font-size:13px;min-width:32px;padding:2px 10px;border:1px solid var(--line);border-radius:4px;background:var(--card);color:var(--fg);cursor:pointer}
@media print{body{max-width:none;padding:0}#bar,#tip,.at,.screen{display:none!important}section{break-inside:avoid}canvas{height:auto!important}
table{font-size:9px}th,td{padding:3px 4px;white-space:normal}}
</style></head><body>
)";

// All charts show the same stretch of time: what one is zoomed or moved to, all are. Times count from the
// first arrival: a script has no room for those of a clock.
inline constexpr const char* page_script = R"(
const byId=id=>document.getElementById(id),css=n=>getComputedStyle(document.documentElement).getPropertyValue(n).trim();
const tip=byId('tip'),font='12px system-ui,sans-serif',axis=22,right=14,all=[data.begin,data.end],origin=BigInt(data.origin);
let view=[...all],byCpu=false,left=0,asked=false;
const whole=()=>view[1]-view[0]>=all[1]-all[0];

function lasts(n){if(data.unit!='ns')return n+(data.unit?' '+data.unit:'');
 const size=n<0n?-n:n,part=String(size%1000000n).padStart(6,'0').replace(/0+$/,'');return(n<0n?'-':'')+size/1000000n+(part?'.'+part:'')+' ms'}
const show=t=>lasts(origin+BigInt(Math.round(t)));
const stretch=(a,b)=>show(a)+' – '+show(b)+' ('+lasts(BigInt(Math.round(b-a)))+')';

// Lines stand at round times, as close as what is written below them allows.
function ticks(g,room){const span=view[1]-view[0];
 for(let p=10**Math.floor(Math.log10(Math.max(1,span/room*50)));;p*=10)for(const f of[1,2,5]){const s=p*f,off=Number(origin%BigInt(s)),list=[];
  if(s*room/span<50)continue;
  for(let t=Math.ceil((view[0]+off)/s)*s-off;t<=view[1];t+=s)list.push(t);
  if(list.length<2||Math.max(...[list[0],list[list.length-1]].map(t=>g.measureText(show(t)).width))+16<=s*room/span)return list}}

function fits(g,name,room){if(g.measureText(name).width<=room)return name;
 let letters=Array.from(name);while(letters.length>1&&g.measureText(letters.join('')+'…').width>room)letters.pop();return letters.join('')+'…'}

// White or black, whichever is read more easily on a colour.
const ink=data.colours.map(c=>{const[r,g,b]=[1,3,5].map(i=>parseInt(c.slice(i,i+2),16));return r*.3+g*.59+b*.11>140?'#14181f':'#fff'});
const rowsOf=r=>byCpu?r.cpus:data.tasks.length,nameOf=i=>byCpu?'CPU '+i:data.tasks[i];

function draw(){asked=false;for(const r of data.runs){const c=r.canvas,g=c.getContext('2d'),d=devicePixelRatio||1,rows=rowsOf(r),w=c.clientWidth;
 // Many rows are low, for the policies to stay next to each other; and no browser draws more than so many pixels.
 const H=r.height=Math.min(22,Math.max(4,Math.floor(600/rows)),16000/rows/d),air=H<8?.5:H<14?1:3,tall=rows*H>300,top=r.top=tall?axis:6,below=top+rows*H,h=below+axis;
 c.style.height=h+'px';c.width=Math.round(w*d);c.height=Math.round(h*d);g.setTransform(d,0,0,d,0,0);g.clearRect(0,0,w,h);g.font=font;g.textBaseline='middle';
 left=0;for(let i=0;i<rows;++i)left=Math.max(left,g.measureText(nameOf(i).slice(0,60)).width);left=Math.min(left+14,w*.3,170);
 const room=w-left-right,x=t=>left+(t-view[0])/(view[1]-view[0])*room;
 g.fillStyle=css('--dim');g.textAlign='center';let free=0;
 for(const t of ticks(g,room)){g.fillStyle=css('--line');g.fillRect(x(t)-.5,top,1,rows*H);g.fillStyle=css('--dim');const n=show(t),half=g.measureText(n).width/2,m=Math.max(half+2,Math.min(x(t),w-2-half));
  if(m-half<free)continue;free=m+half+6;g.fillText(n,m,below+12);if(tall)g.fillText(n,m,top-10)}
 g.save();g.beginPath();g.rect(left,0,w-left,below);g.clip();
 // What ends within a pixel that is painted already is not to be seen.
 const bars=(list,span,row,y,high,colour)=>{const painted=[];for(const one of list){const[a,b]=span(one);if(b<view[0]||a>view[1])continue;
  const k=row(one),from=Math.max(x(a),left-2),to=Math.max(from+1/d,Math.min(x(b),w));if(to<=painted[k]+.5/d)continue;painted[k]=to;
  g.fillStyle=colour(one);g.fillRect(from,top+k*H+y,to-from,high);
  const label=H<14||high<10?'':byCpu?data.tasks[one[0]]:r.cpus>1?'CPU '+one[1]:'',at=Math.max(from,left)+3;
  if(label&&to-at>20&&to-at>g.measureText(label).width+3){g.fillStyle=ink[one[0]];g.textAlign='left';g.fillText(label,at,top+k*H+H/2+1)}}};
 const line=Math.min(4,H-2*air),thin=css('--wait'),back=css('--card'),first=o=>o[0],ends=o=>[o[1],o[2]];
 if(!byCpu){bars(r.jobs,ends,first,(H-line)/2,line,()=>thin);bars(r.io,ends,first,(H-line)/2+line/4,line/2,()=>back)}
 bars(r.segments,o=>[o[2],o[3]],o=>byCpu?o[1]:o[0],air,H-2*air,o=>data.colours[o[0]]);
 if(!byCpu){g.fillStyle=css('--miss');const e=H<14?3:5;for(const[k,t]of r.misses)if(t>=view[0]&&t<=view[1]){const m=x(t),y=top+k*H;g.beginPath();g.moveTo(m,y+2);g.lineTo(m-e,y+1-e);g.lineTo(m+e,y+1-e);g.fill();g.fillRect(m-.7,y,1.4,H)}}
 g.restore();g.fillStyle=css('--fg');g.textAlign='right';const each=Math.ceil(14/H);for(let i=0;i<rows;i+=each)g.fillText(fits(g,nameOf(i),left-10),left-7,top+i*H+H/2)}}
function redraw(){if(!asked){asked=true;requestAnimationFrame(draw)}}

function look(lo,n){lo=Math.max(all[0],Math.min(all[1]-n,lo));view=[lo,lo+n];hide();redraw()}
function zoom(at,f){const[a,b]=view,range=all[1]-all[0],n=Math.min(range,Math.max(range/1e6,2,(b-a)*f));look(at-(at-a)*n/(b-a),n)}
const pan=dt=>look(view[0]+dt,view[1]-view[0]),middle=()=>(view[0]+view[1])/2,everything=()=>look(all[0],all[1]-all[0]);
function hide(){tip.style.display='none';for(const r of data.runs)r.at.style.display='none'}

// What is at a time in a row, in words.
function about(r,row,t,near){if(row<0||row>=rowsOf(r))return'';
 let best=null,by=near;for(const s of r.segments){if((byCpu?s[1]:s[0])!=row)continue;const off=t<s[2]?s[2]-t:t>=s[3]?t-s[3]:-1;if(off<by){by=off;best=s}}
 const miss=byCpu?null:r.misses.find(([k,at])=>k==row&&Math.abs(at-t)<=near),more=miss?'\nmisses its deadline at '+show(miss[1]):'';
 const found=(list)=>byCpu?null:list.find(([k,a,b])=>k==row&&t>=a&&t<b),name=data.tasks[row];let s;
 if(best&&(by<0||byCpu))return data.tasks[best[0]]+' on CPU '+best[1]+'\n'+stretch(best[2],best[3])+more;
 if(s=found(r.io))return name+' waits for a device\n'+stretch(s[1],s[2])+more;
 if(s=found(r.locks))return name+' waits for the lock '+s[3]+'\n'+stretch(s[1],s[2])+more;
 if(best)return name+' on CPU '+best[1]+'\n'+stretch(best[2],best[3])+more;
 if(s=found(r.jobs)){let[,a,b]=s;const within=(from,to)=>{if(to<=t)a=Math.max(a,to);if(from>t)b=Math.min(b,from)};
  for(const o of r.segments)if(o[0]==row)within(o[2],o[3]);for(const list of[r.io,r.locks])for(const o of list)if(o[0]==row)within(o[1],o[2]);return name+' is ready and waits\n'+stretch(a,b)+more}
 return more.slice(1)&&name+more}

let scrolled=-1e9;addEventListener('wheel',e=>{if(!e.defaultPrevented)scrolled=e.timeStamp},{passive:true});
for(const r of data.runs){const c=r.canvas=byId(r.id);r.at=document.createElement('div');r.at.className='at';c.parentNode.append(r.at);let drag=null;
 const room=()=>c.clientWidth-left-right,at=e=>{const b=c.getBoundingClientRect();return[e.clientX-b.left,e.clientY-b.top]},time=px=>view[0]+(px-left)/room()*(view[1]-view[0]);
 c.addEventListener('wheel',e=>{const unit=e.deltaMode?16:1,dx=e.deltaX*unit,dy=e.deltaY*unit;
  if(e.shiftKey||Math.abs(dx)>Math.abs(dy)){if(whole())return;e.preventDefault();pan((dx||dy)/room()*(view[1]-view[0]));return}
  // Who scrolls the page goes on with that when a chart comes under the pointer, or there is no more to zoom out.
  if(!e.ctrlKey&&(e.timeStamp-scrolled<300||dy>0&&whole()))return;
  e.preventDefault();zoom(Math.max(view[0],time(at(e)[0])),Math.exp(Math.max(-1,Math.min(1,dy*.002))))},{passive:false});
 const drop=()=>{drag=null;c.classList.remove('moved')};
 c.addEventListener('pointerdown',e=>{if(e.button)return;if(e.pointerType!='mouse')hover(e);drag=e.clientX;c.setPointerCapture(e.pointerId)});
 for(const end of['pointerup','pointercancel','lostpointercapture'])c.addEventListener(end,drop);
 c.addEventListener('dblclick',everything);c.addEventListener('pointerleave',e=>{if(e.pointerType!='touch')hide()});
 function hover(e){const[px,py]=at(e),row=Math.floor((py-r.top)/r.height),text=px<left-7?(row>=0&&row<rowsOf(r)?nameOf(row):''):about(r,row,time(px),3/room()*(view[1]-view[0]));
  for(const o of data.runs){o.at.style.display=px>=left&&px<=left+room()?'block':'none';o.at.style.left=c.offsetLeft+px+'px'}
  tip.textContent=text;tip.style.display=text?'block':'none';tip.style.left=tip.style.top='0';const w=tip.offsetWidth,h=tip.offsetHeight;
  tip.style.left=Math.max(8,e.clientX+12+w>document.documentElement.clientWidth-8?e.clientX-12-w:e.clientX+12)+'px';tip.style.top=Math.max(8,e.clientY+14+h>innerHeight-8?e.clientY-10-h:e.clientY+14)+'px'}
 c.addEventListener('pointermove',e=>{if(drag===null)return hover(e);if(e.clientX==drag)return;c.classList.add('moved');pan((drag-e.clientX)/room()*(view[1]-view[0]));drag=e.clientX})}

byId('cpu').onclick=e=>{byCpu=!byCpu;e.target.textContent=byCpu?'show by task':'show by CPU';draw()};
byId('in').onclick=()=>zoom(middle(),.5);byId('out').onclick=()=>zoom(middle(),2);byId('reset').onclick=everything;
addEventListener('keydown',e=>{if(e.ctrlKey||e.metaKey||e.altKey)return;const step=(view[1]-view[0])/10;
 if(e.key=='+'||e.key=='=')zoom(middle(),.8);else if(e.key=='-')zoom(middle(),1.25);else if(e.key=='0')everything();
 else if(e.key=='ArrowLeft'&&!whole())pan(-step);else if(e.key=='ArrowRight'&&!whole())pan(step);else return;e.preventDefault()});
addEventListener('resize',redraw);addEventListener('scroll',hide);matchMedia('(prefers-color-scheme:dark)').addEventListener('change',draw);
// Paper is white.
addEventListener('beforeprint',()=>{document.documentElement.classList.add('paper');draw()});addEventListener('afterprint',()=>{document.documentElement.classList.remove('paper');draw()});
draw();
)";

}  // namespace heddle::inline v0::sched
